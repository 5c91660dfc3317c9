"""A features extractor for stable-baselines3: what a policy makes of picture, proprioception and demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, NatureCNN
from torch import Tensor, nn

from ivg.errors import InputError

_UNIT_M = 0.1
"""Distances reach the network in units of this: a hand's width."""

_POSITION, _OPENING = slice(0, 3), 7
_PATHS = ("demo_plan", "demo_path")
_SEQUENCES = {"clip": ("demo_path", "demo_keypoints", "demo_present"), "plan": ("demo_plan",)}
_SKIPPED_PICTURES = ("depth",)


class DemoFeaturesExtractor(BaseFeaturesExtractor):
    """Turns a Dict observation into one vector. Any of the keys may be lacking.

    * ``image``: stable-baselines3's NatureCNN (pictures of 36 px or more).
    * ``demo_path``, ``demo_keypoints``, ``demo_present``: a convolution over the frames; ``demo_plan``: one over its
      poses. Both ways are seen from the gripper (``proprio``'s position), where they look the same wherever the scene
      stands.
    * the next `ahead` waypoints from the one aimed at (``demo_progress``), from the gripper: what there is to do now.
    * everything else (``proprio``, ``demo_progress``, ``demo_embedding``, ...) as it is. ``depth`` is left out.

    Without a demonstration (zeros) the ways are zeros too.

    Args:
        observation_space: A Dict; SB3 gives pictures channels first.
        frame_features: Width of the convolutions; 0 leaves them out, keypoints included: quicker, and enough where the
            next waypoints say what to do.
        image_features: Width of what the picture becomes.
        ahead: How many waypoints ahead are shown, with ``demo_progress``.
        follow: Which way ``demo_progress`` is about: "demo_plan" or "demo_path"; the first that is there if None.

    Raises:
        InputError: If the space is no Dict, has a way but no ``proprio``, or lacks the one to follow.
    """

    def __init__(
        self,
        observation_space: gym.spaces.Dict,
        frame_features: int = 32,
        image_features: int = 128,
        ahead: int = 3,
        follow: str | None = None,
    ) -> None:
        spaces, follow = _checked(observation_space, follow)
        sequences = {name: [key for key in keys if key in spaces] for name, keys in _SEQUENCES.items()}
        sequences = {name: keys for name, keys in sequences.items() if keys and frame_features}
        known = {"image", *_SKIPPED_PICTURES, *(key for keys in _SEQUENCES.values() for key in keys)}
        rest = sorted(set(spaces) - known)
        waypoints = ahead if follow and "demo_progress" in spaces else 0
        size = sum(gym.spaces.flatdim(spaces[key]) for key in rest) + 4 * waypoints
        size += frame_features * len(sequences) + (image_features if "image" in spaces else 0)
        super().__init__(observation_space, features_dim=size)
        self.rest, self.ahead, self.follow, self.sequences = rest, waypoints, follow, sequences
        self.image = NatureCNN(spaces["image"], image_features) if "image" in spaces else None
        self.convolutions = nn.ModuleDict(
            {name: _over_time([spaces[key] for key in keys], frame_features) for name, keys in sequences.items()}
        )

    def forward(self, observations: dict[str, Tensor]) -> Tensor:
        """Return float (b, features_dim)."""
        parts = [observations[key].flatten(1) for key in self.rest]
        seen = dict(observations)
        for key in _PATHS:
            if key in seen:
                seen[key] = from_gripper(observations[key], observations["proprio"])
        if self.ahead and self.follow:
            parts.append(_next_waypoints(seen[self.follow], observations["demo_progress"], self.ahead))
        for name, keys in self.sequences.items():
            rows = torch.cat([seen[key].flatten(2) for key in keys], dim=2)
            parts.append(self.convolutions[name](rows.transpose(1, 2)))
        if self.image is not None:
            parts.append(self.image(observations["image"]))
        return torch.cat(parts, dim=1)


def _checked(space: gym.spaces.Dict, follow: str | None) -> tuple[dict[str, gym.Space[Any]], str | None]:
    """Return the spaces by key, and the way that is followed, if there is one."""
    if not isinstance(space, gym.spaces.Dict):
        raise InputError(f"observations must be a Dict, got {space}")
    ways = [key for key in _PATHS if key in space.spaces]
    if ways and "proprio" not in space.spaces:
        raise InputError(f"{ways[0]} needs proprio, which says where the gripper is")
    if follow is not None and follow not in ways:
        raise InputError(f"follow={follow}: the observation has {', '.join(ways) or 'no way to follow'}")
    return dict(space.spaces), follow or next(iter(ways), None)


def from_gripper(path: Tensor, proprio: Tensor) -> Tensor:
    """Return a path (b, t, 8) with positions as the gripper sees them, in units of 10 cm; zeros stay zeros."""
    there = (path[..., 3:7].abs().sum(-1, keepdim=True) > 0).to(path.dtype)
    offset = (path[..., _POSITION] - proprio[:, None, _POSITION]) / _UNIT_M
    opening = path[..., _OPENING:] - proprio[:, None, _OPENING : _OPENING + 1]
    return torch.cat([offset, path[..., 3:_OPENING], opening], -1) * there


def _next_waypoints(path: Tensor, progress: Tensor, count: int) -> Tensor:
    """Return (b, 4 * count): offsets and openings of the waypoints from the one aimed at; the last one repeats."""
    last = path.shape[1] - 1
    first = (progress[:, :1] * last).round().long()
    rows = (first + torch.arange(count, device=path.device)).clamp(max=last)
    shown = torch.cat([path[..., _POSITION], path[..., _OPENING:]], -1)
    return torch.gather(shown, 1, rows[..., None].expand(-1, -1, 4)).flatten(1)


def _over_time(spaces: Sequence[gym.Space[Any]], width: int) -> nn.Sequential:
    """A convolution over the first axis of boxes that share it."""
    frames = (spaces[0].shape or (1,))[0]
    channels = sum(gym.spaces.flatdim(space) // frames for space in spaces)
    return nn.Sequential(
        nn.Conv1d(channels, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv1d(width, width, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(width * ((frames + 1) // 2), width),
        nn.ReLU(),
    )

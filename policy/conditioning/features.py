"""A features extractor for stable-baselines3: image, proprioception and demonstration as one vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, NatureCNN
from torch import Tensor, nn

from ivg.errors import InputError

_UNIT_M = 0.1  # distances reach the network in units of this: a hand's width
_POSITION, _OPENING = slice(0, 3), 7
_TRAJECTORIES = ("demo_plan", "demo_path")
_SEQUENCES = {"clip": ("demo_path", "demo_keypoints", "demo_present"), "plan": ("demo_plan",)}


class DemoFeaturesExtractor(BaseFeaturesExtractor):
    """Turns a Dict observation into one vector. Any of the keys may be lacking.

    * ``image``: stable-baselines3's NatureCNN (images of 36 px or more).
    * ``demo_path``, ``demo_keypoints``, ``demo_present``: a convolution over the frames; ``demo_plan``: one over its
      poses. Both trajectories are relative to the gripper (``proprio``'s position), wherever the scene stands.
    * the next `ahead` waypoints from the target (``demo_progress``) on, relative to the gripper.
    * everything else (``proprio``, ``demo_progress``, ``demo_embedding``, ...) as it is. ``depth`` is left out.

    Without a demonstration (zeros) the trajectories are zeros too.

    Args:
        observation_space: A Dict; SB3 gives images channels first.
        frame_features: Width of the convolutions; 0 leaves them out, keypoints included: quicker, and enough where the
            next waypoints are shown.
        image_features: Width of the image's features.
        ahead: How many waypoints ahead are shown, with ``demo_progress``.
        follow: The trajectory of ``demo_progress``: "demo_plan" or "demo_path"; the first that is there if None.

    Raises:
        InputError: If the space is no Dict, has a trajectory but no ``proprio``, or lacks the one to follow.
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
        known = {"image", "depth", *(key for keys in _SEQUENCES.values() for key in keys)}
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
        trajectories = [key for key in _TRAJECTORIES if key in observations]
        seen = observations | {key: from_gripper(observations[key], observations["proprio"]) for key in trajectories}
        if self.ahead and self.follow:
            parts.append(_next_waypoints(seen[self.follow], observations["demo_progress"], self.ahead))
        for name, keys in self.sequences.items():
            rows = torch.cat([seen[key].flatten(2) for key in keys], dim=2)
            parts.append(self.convolutions[name](rows.transpose(1, 2)))
        if self.image is not None:
            parts.append(self.image(observations["image"]))
        return torch.cat(parts, dim=1)


def _checked(space: gym.spaces.Dict, follow: str | None) -> tuple[dict[str, gym.Space[Any]], str | None]:
    if not isinstance(space, gym.spaces.Dict):
        raise InputError(f"observations must be a Dict, got {space}")
    present = [key for key in _TRAJECTORIES if key in space.spaces]
    if present and "proprio" not in space.spaces:
        raise InputError(f"{present[0]} needs proprio, which says where the gripper is")
    if follow is not None and follow not in present:
        raise InputError(f"follow={follow}: the observation has {', '.join(present) or 'no trajectory to follow'}")
    return dict(space.spaces), follow or next(iter(present), None)


def from_gripper(trajectory: Tensor, proprio: Tensor) -> Tensor:
    """Return a trajectory (b, t, 8) with positions relative to the gripper, in units of 10 cm; zeros stay zeros."""
    there = (trajectory[..., 3:7].abs().sum(-1, keepdim=True) > 0).to(trajectory.dtype)
    offset = (trajectory[..., _POSITION] - proprio[:, None, _POSITION]) / _UNIT_M
    opening = trajectory[..., _OPENING:] - proprio[:, None, _OPENING : _OPENING + 1]
    return torch.cat([offset, trajectory[..., 3:_OPENING], opening], -1) * there


def _next_waypoints(trajectory: Tensor, progress: Tensor, count: int) -> Tensor:
    """Return (b, 4 * count): offsets and openings of the waypoints from the target on; the last one repeats."""
    last = trajectory.shape[1] - 1
    first = (progress[:, :1] * last).round().long()
    rows = (first + torch.arange(count, device=trajectory.device)).clamp(max=last)
    shown = torch.cat([trajectory[..., _POSITION], trajectory[..., _OPENING:]], -1)
    return torch.gather(shown, 1, rows[..., None].expand(-1, -1, 4)).flatten(1)


def _over_time(spaces: Sequence[gym.Space[Any]], width: int) -> nn.Sequential:
    frames = (spaces[0].shape or (1,))[0]
    channels = sum(gym.spaces.flatdim(space) // frames for space in spaces)
    first, second = nn.Conv1d(channels, width, 3, padding=1), nn.Conv1d(width, width, 3, stride=2, padding=1)
    last = nn.Linear(width * ((frames + 1) // 2), width)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Flatten(), last, nn.ReLU())

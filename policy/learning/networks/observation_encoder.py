"""Encodes camera image, robot state and conditioning (demonstration or text) for all policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from ivg.models.nano.text import WIDTH as TEXT_WIDTH
from ivg.models.nano.text import MiniLMTextEncoder

from ..config import PolicyConfig
from .demonstration_encoder import POSE_FEATURES, DemonstrationEncoder, look_up, relative_to
from .image_encoder import ImageEncoder
from .normalizer import SpreadNormalizer
from .rotations import matrix_to_six, quaternion_to_matrix

_STATE = 3 + 6 + 1 + 7 + 1
_MOVING = 3 + 1

Observation = dict[str, Tensor]
"""`image` uint8 (b, s, h, w, 3), `proprio` float (b, o, 16), and the conditioning: `demo_keypoints` float
(b, t, 2, 21, 2), `demo_present` (b, t, 2), `demo_path` (b, t, 8) and `demo_plan` (b, p, 8), or `text` (b, 384)."""


@dataclass(frozen=True, eq=False)
class EncodedObservation:
    """An observation as features; `phase` and `ahead` are None without a demonstration."""

    features: Tensor  # float (b, width)
    phase: Tensor | None  # float (b, horizon) in [0, 1], predicted position of each step of the chunk on the plan
    ahead: Tensor | None  # float (b, horizon, 10), the plan at these positions, relative to the end effector


class ObservationEncoder(nn.Module):
    """Encodes observations.

    With a demonstration it first predicts the position of each step of the chunk on the plan, and looks the plan up
    there. These positions are learned from the episodes' `plan_phase`; other losses do not reach them.
    """

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.conditioning, self.horizon, width = config.conditioning, config.horizon, config.width
        robot = _STATE + (config.n_obs_steps - 1) * _MOVING
        self.robot_scale = SpreadNormalizer(robot)
        self.robot = nn.Sequential(nn.Linear(robot, width), nn.GELU(), nn.Linear(width, width))
        self.image = ImageEncoder(config.image_steps, config.image_size, config.image_widths, width)
        parts = 2
        if self.conditioning == "demo":
            self.demonstration = DemonstrationEncoder(
                config.demo_width, config.demo_layers, config.demo_heads, width, config.keypoint_dropout
            )
            self.phase = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, config.horizon))
            parts = 3
        elif self.conditioning == "text":
            self.text = nn.Linear(TEXT_WIDTH, width)
            parts = 3
        self.mix = nn.Sequential(nn.LayerNorm(parts * width), nn.Linear(parts * width, width), nn.GELU())

    @property
    def ahead_size(self) -> int:
        """Numbers of `EncodedObservation.ahead` a step; 0 without a demonstration."""
        return POSE_FEATURES if self.conditioning == "demo" else 0

    def forward(self, observation: Observation) -> EncodedObservation:
        """Encode a batch."""
        robot = self.robot(self.robot_scale(robot_features(observation["proprio"])))
        parts = [robot, self.image(observation["image"])]
        if self.conditioning == "demo":
            return self._demonstrated(observation, parts)
        if self.conditioning == "text":
            parts.append(self.text(observation["text"]))
        return EncodedObservation(self.mix(torch.cat(parts, -1)), None, None)

    def _demonstrated(self, observation: Observation, parts: list[Tensor]) -> EncodedObservation:
        now = observation["proprio"][:, -1]
        trajectory, plan = relative_to(observation["demo_path"], now), relative_to(observation["demo_plan"], now)
        demonstration = self.demonstration(
            trajectory, plan, observation["demo_keypoints"], observation["demo_present"], parts[0]
        )
        known = torch.cat([*parts, demonstration], -1)
        phase = self.phase(known).sigmoid()
        return EncodedObservation(self.mix(known), phase, look_up(plan, phase.detach()))


def robot_features(proprio: Tensor) -> Tensor:
    """Return (b, 18 + 4 (o - 1)) for proprioception (b, o, 16): the state now, and the gripper's moves before."""
    now = proprio[:, -1]
    rotation = matrix_to_six(quaternion_to_matrix(now[:, 3:7]))
    state = torch.cat([now[:, :3], rotation, now[:, 7:]], -1)
    hand = torch.cat([proprio[..., :3], proprio[..., 7:8]], -1)
    return torch.cat([state, torch.diff(hand, dim=1).flatten(1)], -1)


def encode_texts(texts: Sequence[str]) -> Tensor:
    """Return float32 (n, 384): the mean of each text's tokens (MiniLM), scaled to a standard deviation of about 1."""
    tokens, there = _text_encoder().encode(texts)
    weights = there[..., None].float()
    mean = (tokens * weights).sum(1) / weights.sum(1)
    scaled: Tensor = mean / mean.std(-1, keepdim=True).clamp_min(1e-6)
    return scaled


@lru_cache(1)
def _text_encoder() -> MiniLMTextEncoder:
    return MiniLMTextEncoder()

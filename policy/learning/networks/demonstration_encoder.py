"""Encodes a demonstration relative to the end effector, frame by frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ivg.types import HANDS, JOINTS

from .rotations import matrix_to_six, quaternion_to_matrix

REACH_M = 0.1  # Unit of distances from the end effector to the demonstration's trajectory

POSE_FEATURES = 10  # Of a pose relative to the end effector: offset (3), rotation (6), opening

_TRACKS = len(HANDS) * (2 * JOINTS + 1)
_MOVING = POSE_FEATURES + 1 + 3


class DemonstrationEncoder(nn.Module):
    """A transformer over a demonstration's frames, its plan's poses and the robot; `keypoint_dropout` hides joints."""

    def __init__(self, width: int, layers: int, heads: int, out: int, keypoint_dropout: float) -> None:
        super().__init__()
        self.keypoint_dropout = keypoint_dropout
        self.frame = nn.Linear(_MOVING + _TRACKS, width)
        self.pose = nn.Linear(_MOVING, width)
        self.time = nn.Sequential(nn.Linear(1, width), nn.GELU(), nn.Linear(width, width))
        self.robot = nn.Linear(out, width)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.attention = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.out = nn.Linear(width, out)

    def forward(self, trajectory: Tensor, plan: Tensor, keypoints: Tensor, present: Tensor, robot: Tensor) -> Tensor:
        """Encode demonstrations of t frames to (b, out).

        The hand's trajectory (b, t, 10) and the gripper's in its place (b, p, 10) are of `relative_to`, keypoints
        (b, t, 2, 21, 2) normalised, 0 where not `present` (b, t, 2); `robot` (b, out) are features of its state.
        """
        tracks = torch.cat([(keypoints - 0.5 * present[..., None, None]).flatten(2), present], -1)
        if self.training and self.keypoint_dropout:
            tracks = tracks * (torch.rand(len(trajectory), 1, 1, device=trajectory.device) >= self.keypoint_dropout)
        frames = self.frame(torch.cat([_moving(trajectory), tracks], -1)) + self._when(trajectory)
        poses = self.pose(_moving(plan)) + self._when(plan)
        tokens = torch.cat([self.robot(robot)[:, None], frames, poses], 1)
        out: Tensor = self.out(self.attention(tokens)[:, 0])
        return out

    def _when(self, poses: Tensor) -> Tensor:
        """Return an embedding (n, width) of the index of each of n poses (b, n, 10)."""
        when: Tensor = self.time(torch.linspace(-1, 1, poses.shape[1], device=poses.device)[:, None])
        return when


def _moving(poses: Tensor) -> Tensor:
    """Return poses (b, n, 10) with the distance of each, and the offset to the next one: (b, n, 14)."""
    offset = poses[..., :3]
    distance = (offset.norm(dim=-1, keepdim=True) + 0.05).log()
    return torch.cat([poses, distance, torch.diff(offset, dim=1, append=offset[:, -1:])], -1)


def relative_to(trajectory: Tensor, proprio: Tensor) -> Tensor:
    """Return a gripper's trajectory relative to the end effector, whose state is `proprio` (b, 16).

    Poses (b, t, 8) in the world (position m, quaternion wxyz, opening) become (b, t, 10): offset in units of `REACH_M`,
    clipped to 1 m, rotation as six numbers, opening.
    """
    offset = ((trajectory[..., :3] - proprio[:, None, :3]) / REACH_M).clamp(-10, 10)
    rotation = quaternion_to_matrix(trajectory[..., 3:7]) @ quaternion_to_matrix(proprio[:, None, 3:7]).mT
    return torch.cat([offset, matrix_to_six(rotation), trajectory[..., 7:]], -1)


def look_up(trajectory: Tensor, phase: Tensor) -> Tensor:
    """Interpolate a trajectory (b, t, c) linearly at phases (b, n) from 0, the first frame, to 1: (b, n, c)."""
    frames, channels = trajectory.shape[1:]
    position = phase.clamp(0, 1) * (frames - 1)
    before = position.floor().long().clamp(max=max(frames - 2, 0))
    after = (before + 1).clamp(max=frames - 1)
    low, high = (trajectory.gather(1, rows[..., None].expand(-1, -1, channels)) for rows in (before, after))
    return low + (position - before)[..., None] * (high - low)

"""A demonstration as a policy sees it: from where the robot is, frame by frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ivg.types import HANDS, JOINTS

from .rotations import matrix_to_six, quaternion_to_matrix

REACH_M = 0.1
"""Unit of the way from the end effector to the demonstration's path."""

PATH_FEATURES = 10
"""Of a pose of the path seen from the end effector: the way (3), the turn (6), the opening."""

_TRACKS = len(HANDS) * (2 * JOINTS + 1)
_WAY = PATH_FEATURES + 1 + 3


class DemonstrationEncoder(nn.Module):
    """A transformer over a demonstration's frames and its plan's poses, seen from the end effector, and the robot.

    Each frame, each pose of the plan and the robot is a token.

    Args:
        width: Of the tokens.
        layers: Number of them.
        heads: Of the attention.
        out: Width of what comes out.
        keypoint_dropout: Share of samples that are trained without joints, with the path alone.
    """

    def __init__(self, width: int, layers: int, heads: int, out: int, keypoint_dropout: float) -> None:
        super().__init__()
        self.keypoint_dropout = keypoint_dropout
        self.frame = nn.Linear(_WAY + _TRACKS, width)
        self.pose = nn.Linear(_WAY, width)
        self.time = nn.Sequential(nn.Linear(1, width), nn.GELU(), nn.Linear(width, width))
        self.robot = nn.Linear(out, width)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.attention = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.out = nn.Linear(width, out)

    def forward(self, path: Tensor, plan: Tensor, keypoints: Tensor, present: Tensor, robot: Tensor) -> Tensor:
        """Encode demonstrations of t frames.

        Args:
            path: Float (b, t, 10), the hand's, of `seen_from`.
            plan: Float (b, p, 10), the gripper's in its place, likewise.
            keypoints: Float (b, t, 2, 21, 2), normalised, 0 where absent.
            present: Float (b, t, 2).
            robot: Float (b, out), what is known of the robot and its camera.

        Returns:
            Float (b, out).
        """
        tracks = torch.cat([(keypoints - 0.5 * present[..., None, None]).flatten(2), present], -1)
        if self.training and self.keypoint_dropout:
            tracks = tracks * (torch.rand(len(path), 1, 1, device=path.device) >= self.keypoint_dropout)
        frames = self.frame(torch.cat([_along(path), tracks], -1)) + self._when(path)
        poses = self.pose(_along(plan)) + self._when(plan)
        tokens = torch.cat([self.robot(robot)[:, None], frames, poses], 1)
        out: Tensor = self.out(self.attention(tokens)[:, 0])
        return out

    def _when(self, path: Tensor) -> Tensor:
        """Return an embedding (n, width) of where a pose stands among the n of a path (b, n, 10)."""
        when: Tensor = self.time(torch.linspace(-1, 1, path.shape[1], device=path.device)[:, None])
        return when


def _along(path: Tensor) -> Tensor:
    """Return a path (b, n, 10) with how far each pose is, and the way to the next one: (b, n, 14)."""
    way = path[..., :3]
    distance = (way.norm(dim=-1, keepdim=True) + 0.05).log()
    return torch.cat([path, distance, torch.diff(way, dim=1, append=way[:, -1:])], -1)


def seen_from(path: Tensor, proprio: Tensor) -> Tensor:
    """Return a gripper's path as seen from the end effector: the way to each pose, the turn to it, its opening.

    Args:
        path: Float (b, t, 8), world: position m, quaternion wxyz, opening.
        proprio: Float (b, 16), of now.

    Returns:
        Float (b, t, 10), ways in units of `REACH_M`, drawn to at most 1 m; turns as six numbers.
    """
    way = ((path[..., :3] - proprio[:, None, :3]) / REACH_M).clamp(-10, 10)
    turn = quaternion_to_matrix(path[..., 3:7]) @ quaternion_to_matrix(proprio[:, None, 3:7]).mT
    return torch.cat([way, matrix_to_six(turn), path[..., 7:]], -1)


def look_up(path: Tensor, phase: Tensor) -> Tensor:
    """Return what stands at given places of a path, on straight lines between its frames.

    Args:
        path: Float (b, t, c).
        phase: Float (b, n) in [0, 1]: 0 is the first frame, 1 the last.

    Returns:
        Float (b, n, c).
    """
    frames, channels = path.shape[1:]
    place = phase.clamp(0, 1) * (frames - 1)
    before = place.floor().long().clamp(max=max(frames - 2, 0))
    after = (before + 1).clamp(max=frames - 1)
    low, high = (path.gather(1, rows[..., None].expand(-1, -1, channels)) for rows in (before, after))
    return low + (place - before)[..., None] * (high - low)

"""The trajectory of a parallel gripper that stands for a hand: pinch point, approach and closing direction, opening.

The conventions are those of the demonstrator's ground truth: z approaches, y closes from thumb to index finger, and an
opening of 1 is a wide open hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.types import JOINTS

Array = NDArray[np.float64]

FULL_OPENING_M = 0.11  # distance of the tips of thumb and index finger of a wide open hand of scale 1
WRIST_TO_MIDDLE_M = 0.0931  # from the wrist to the middle finger's knuckle of a hand of scale 1

_WRIST, _THUMB_BASE, _THUMB_IP, _THUMB_TIP = 0, 2, 3, 4
_INDEX_BASE, _INDEX_PIP, _INDEX_TIP, _MIDDLE_BASE = 5, 6, 8, 9


@dataclass(frozen=True, eq=False)
class GripperTrajectory:
    """A gripper's pose over time.

    Poses are float32 (t, 8): position of the point between the fingers, world, m; quaternion wxyz (z approaches, y
    closes), its sign continuous; opening in [0, 1]. They are NaN where the hand was absent.
    """

    poses: NDArray[np.float32]
    present: NDArray[np.bool_]  # (t,)
    hand_scale: float  # size of the hand that it was read from; 1 is a hand of `ivg.types.PALM_TO_TIP_M`

    def __len__(self) -> int:
        return len(self.poses)

    def held(self) -> NDArray[np.float32]:
        """Return float32 (t, 8) without NaN: absent frames are interpolated between their neighbours.

        Positions and openings linearly, rotations by the shortest arc; before the first and after the last frame with
        a hand the pose stays.
        """
        known, frames = np.flatnonzero(self.present), np.arange(len(self.poses))
        poses = np.empty_like(self.poses)
        for column in (0, 1, 2, 7):
            poses[:, column] = np.interp(frames, known, self.poses[known, column])
        rotations = self.poses[known, 3:7].astype(np.float64)
        for frame in frames:
            after = int(np.clip(np.searchsorted(known, frame), 1, max(len(known) - 1, 1)))
            low, high = known[after - 1], known[min(after, len(known) - 1)]
            fraction = np.clip((frame - low) / max(high - low, 1), 0.0, 1.0)
            end = rotations[min(after, len(known) - 1)]
            poses[frame, 3:7] = _slerp(rotations[after - 1], end, float(fraction))
        return poses


def gripper_trajectory(joints_world_m: NDArray[np.floating], hand_scale: float | None = None) -> GripperTrajectory:
    """Read a gripper's trajectory from the joints of one hand, float (t, 21, 3), m, NaN where it is absent.

    If the size of the hand is not known, it is estimated from the palm's length (median over the frames). Joints of
    another shape, or of no hand, are an `InputError`.
    """
    joints, present = checked_joints(joints_world_m)
    seen = joints[present]
    if hand_scale is None:
        palm = np.linalg.norm(seen[:, _MIDDLE_BASE] - seen[:, _WRIST], axis=-1)
        hand_scale = float(np.median(palm)) / WRIST_TO_MIDDLE_M
    poses = np.full((len(joints), 8), np.nan, np.float32)
    tips = seen[:, _INDEX_TIP] - seen[:, _THUMB_TIP]
    quaternions = Rotation.from_matrix(gripper_axes(seen)).as_quat(canonical=True)[:, [3, 0, 1, 2]]
    poses[present, :3] = 0.5 * (seen[:, _INDEX_TIP] + seen[:, _THUMB_TIP])
    # A quaternion and its negative are one rotation: signs are chosen so that neighbours lie near each other.
    flips = np.where((quaternions[1:] * quaternions[:-1]).sum(-1) < 0, -1.0, 1.0)
    poses[present, 3:7] = quaternions * np.cumprod([1.0, *flips])[:, None]
    poses[present, 7] = np.clip(np.linalg.norm(tips, axis=-1) / (FULL_OPENING_M * hand_scale), 0, 1)
    return GripperTrajectory(poses, present, float(hand_scale))


def checked_joints(joints_world_m: NDArray[np.floating]) -> tuple[Array, NDArray[np.bool_]]:
    """Return joints as float64 (t, 21, 3), and the frames bool (t,) that have a hand; else raise `InputError`."""
    joints = np.asarray(joints_world_m, np.float64)
    if joints.ndim != 3 or joints.shape[1:] != (JOINTS, 3):
        raise InputError(f"joints_world_m must have shape (t, {JOINTS}, 3), got {joints.shape}")
    present = np.isfinite(joints).all((1, 2))
    if not present.any():
        raise InputError("no frame has a hand: joints_world_m must be finite in at least one frame")
    return joints, present


def gripper_axes(joints_world_m: NDArray[np.floating]) -> Array:
    """Return the gripper's axes (t, 3, 3), columns x, y, z, for joints (t, 21, 3).

    z points from between the base joints of thumb and index finger to the pinch point; y from the thumb's to the
    index finger's middle joint, made perpendicular to z.
    """
    pinch = 0.5 * (joints_world_m[:, _THUMB_TIP] + joints_world_m[:, _INDEX_TIP])
    root = 0.5 * (joints_world_m[:, _THUMB_BASE] + joints_world_m[:, _INDEX_BASE])
    z = _unit(pinch - root)
    y = joints_world_m[:, _INDEX_PIP] - joints_world_m[:, _THUMB_IP]
    y = _unit(y - z * (y * z).sum(-1, keepdims=True))
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _slerp(start: Array, end: Array, fraction: float) -> Array:
    """Interpolate quaternions (4,) by the shorter arc; scipy's Slerp would normalise them and lose the sign."""
    cosine = float(start @ end)
    end, cosine = (-end, -cosine) if cosine < 0 else (end, cosine)
    angle = float(np.arccos(min(cosine, 1.0)))
    if angle < 1e-6:
        return start
    return np.asarray((np.sin((1 - fraction) * angle) * start + np.sin(fraction * angle) * end) / np.sin(angle))

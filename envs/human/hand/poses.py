"""Finger poses of the choreographies (open, curled, pinches of any opening), and the gripper that a hand stands for."""

from functools import lru_cache

import numpy as np
from scipy.optimize import least_squares

from ..rotations import Array, to_quaternion
from .kinematics import FINGER_RADII, PHALANGES, THUMB_RADII, FingerPose, HandShape, HandState, pose_hand

PINCH_GAPS_M = (0.004, 0.02, 0.04, 0.06, 0.08)
FULL_OPENING_M = 0.11


def curled(
    mcp: float, pip: float, *, spread: float = 0.0, thumb: tuple[float, ...] = (0, 0, 0, 0.1, 0.1)
) -> FingerPose:
    """All four fingers bent alike, the little finger a bit more than the index finger; angles are in rad.

    The last joints follow the middle ones (`pip`) with 0.6 of their flexion; `spread` is the abduction between index
    and little finger; for `thumb` see `FingerPose`.
    """
    more = np.array([0.95, 1.0, 1.05, 1.1])
    fingers = np.stack([spread * np.array([0.5, 0.15, -0.2, -0.5]), mcp * more, pip * more, 0.6 * pip * more], axis=1)
    return FingerPose(fingers, np.array(thumb, float))


OPEN = curled(0.12, 0.22, spread=0.12, thumb=(0.05, 0.15, 0.0, 0.12, 0.15))


def pinch_point(state: HandState) -> Array:
    """Midpoint of the tips of thumb and index finger, (3,) m."""
    return np.asarray((state.joints[4] + state.joints[8]) / 2)


def opening(state: HandState, shape: HandShape) -> float:
    """Distance of the tips of thumb and index finger over that of a wide open hand, in [0, 1]."""
    distance = float(np.linalg.norm(state.joints[4] - state.joints[8]))
    return float(np.clip(distance / (FULL_OPENING_M * shape.scale), 0.0, 1.0))


def gripper_pose(state: HandState, shape: HandShape) -> Array:
    """Position (m), quaternion (wxyz) and opening of a hand, (8,).

    The z axis approaches: from between the base joints of thumb and index finger to the pinch point. The y axis
    points from the thumb's to the index finger's middle joint, made perpendicular to z.
    """
    point = pinch_point(state)
    root = 0.5 * (state.joints[2] + state.joints[5])
    z = (point - root) / np.linalg.norm(point - root)
    y = state.joints[6] - state.joints[3]
    y = y - z * (y @ z)
    y = y / np.linalg.norm(y)
    rotation = np.stack([np.cross(y, z), y, z], axis=1)
    return np.concatenate([point, to_quaternion(rotation), [opening(state, shape)]])


def pinch(gap: float, others: float = 0.0) -> FingerPose:
    """Thumb opposite to index and middle finger, with `gap` metres between the pads of a hand of scale 1.

    `gap` is clipped to [0.004, 0.08]; `others` is additional flexion of ring and little finger, rad.
    """
    gap = float(np.clip(gap, PINCH_GAPS_M[0], PINCH_GAPS_M[-1]))
    after = int(np.clip(np.searchsorted(PINCH_GAPS_M, gap), 1, len(PINCH_GAPS_M) - 1))
    low, high = PINCH_GAPS_M[after - 1], PINCH_GAPS_M[after]
    solved = _solved_pinches()
    pose = solved[after - 1].blended_with(solved[after], (gap - low) / (high - low))
    fingers = pose.fingers.copy()
    fingers[2:, 1:] += others * np.array([[0.8, 1.0, 0.5], [1.0, 1.0, 0.5]])
    return FingerPose(fingers, pose.thumb)


@lru_cache(maxsize=1)
def _solved_pinches() -> tuple[FingerPose, ...]:
    """The pinch for every gap of the table; each starts from the one before it."""
    start, poses = np.array([0.60, 0.95, 0.25, 0.75, -0.5, 0.20, 0.25]), []
    for gap in PINCH_GAPS_M:
        nominal: Array = start - np.array([0.10, 0.10, 0.0, 0.0, 0.0, 0.0, 0.0]) * (gap > PINCH_GAPS_M[0])
        result = least_squares(_pinch_residual, start, args=(gap, nominal))
        start = result.x
        poses.append(_pinch_pose(result.x))
    return tuple(poses)


def _pinch_pose(angles: Array) -> FingerPose:
    mcp, pip, *thumb = angles
    fingers = np.array(
        [
            [0.0, mcp, pip, 0.5 * pip],
            [0.03, mcp + 0.02, pip + 0.08, 0.5 * pip],
            [0.03, mcp + 0.02, pip + 0.10, 0.5 * pip],
            [0.03, mcp - 0.05, pip + 0.10, 0.5 * pip],
        ]
    )
    return FingerPose(fingers, np.array(thumb))


def _pinch_residual(angles: Array, gap: float, nominal: Array) -> Array:
    state = pose_hand(_pinch_pose(angles), HandShape())
    thumb, index, middle = state.bone_rotations[4], state.bone_rotations[7], state.bone_rotations[10]
    thumb_pad = state.joints[4] - THUMB_RADII[3] * thumb[:, 2]
    finger_pad = 0.6 * (state.joints[8] - FINGER_RADII[0, 3] * index[:, 2])
    finger_pad += 0.4 * (state.joints[12] - FINGER_RADII[1, 3] * middle[:, 2])
    across = finger_pad - thumb_pad
    reach = PHALANGES[0].sum()
    return np.concatenate(
        [
            (across + gap * thumb[:, 2]) / reach * 10,
            0.08 * (index[:, 2] + thumb[:, 2]),
            np.array([0.6, 0.6, 0.15, 0.15, 0.3, 0.3, 0.3]) * (angles - nominal),
        ]
    )

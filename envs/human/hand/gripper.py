"""The gripper that a hand stands for: pinch point, approach and closing direction, opening."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..rotations import to_quaternion
from .anatomy import HandShape
from .kinematics import HandState
from .poses import opening, pinch_point


def gripper_pose(state: HandState, shape: HandShape) -> NDArray[np.float64]:
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

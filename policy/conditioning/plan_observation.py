"""The demonstration as what a robot's gripper would do in the hand's place: a plan as an array.

A hand that pushes touches with its finger tips, ahead of the pinch point; one that grasps comes from wherever it likes.
`ivg.policy.control.plan_gripper` turns that into the way of a gripper that comes from above, and here that way is
divided into `PLAN_POINTS` poses of equal distance. A closing or an opening counts as `OPENING_M`.

===================  =======  ================  ==================================================================
key                  dtype    shape             content
===================  =======  ================  ==================================================================
``demo_plan``        float32  (32, 8)           position (m, world), quaternion wxyz (z down, y closes), opening: 0
                                                closed, 1 open
===================  =======  ================  ==================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..control import GripperPlan, plan_demonstration
from ..control.plan import OPENING_M
from ..datasets.episode import PLAN_POINTS

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration


def plan_observation(extracted: ExtractedDemonstration) -> NDArray[np.float32]:
    """Return float32 (32, 8): what a robot's gripper would do in place of the demonstration's hand."""
    return plan_array(plan_demonstration(extracted))


def plan_array(plan: GripperPlan) -> NDArray[np.float32]:
    """Return float32 (32, 8) of a plan."""
    way = np.column_stack([plan.pos_world_m, OPENING_M * ~plan.closed, plan.yaw_rad])
    at = np.linspace(0.0, 1.0, PLAN_POINTS)
    rows = np.stack([np.interp(at, plan.fraction_done, column) for column in way.T], axis=1)
    poses = np.empty((PLAN_POINTS, 8), np.float32)
    poses[:, :3] = rows[:, :3]
    poses[:, 3:7] = _pointing_down(rows[:, 4])
    poses[:, 7] = np.clip(rows[:, 3] / OPENING_M, 0.0, 1.0)
    return poses


def _pointing_down(yaw_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quaternions wxyz (n, 4) of grippers that point down and close along an angle about the world's z."""
    zero, one = np.zeros_like(yaw_rad), np.ones_like(yaw_rad)
    y, z = np.stack([np.cos(yaw_rad), np.sin(yaw_rad), zero], -1), np.stack([zero, zero, -one], -1)
    turns = Rotation.from_matrix(np.stack([np.cross(y, z), y, z], axis=-1))
    return np.asarray(turns.as_quat(canonical=True)[:, [3, 0, 1, 2]])

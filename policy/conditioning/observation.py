"""A demonstration as the arrays that a policy observes, listed in docs/training_loop.md.

``demo_keypoints`` are in [-1, 2], 0 where the hand is absent (as in the paper's Eq. 2); ``demo_path`` is without NaN
(`GripperTrajectory.held`). No demonstration is all zeros; its quaternions are zero, too, so that it can be told from
every demonstration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.types import CLIP_FRAMES, HANDS, JOINTS

from ..control.planning import OPENING_M, GripperPlan, plan_demonstration
from ..datasets.episode import PLAN_POINTS

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration

PLAN_KEY = "demo_plan"
KEYPOINT_RANGE = (-1.0, 2.0)  # joints farther outside the image are clipped to this range
_FAR_M = 100.0
DemonstrationArrays = dict[str, NDArray[np.float32]]


def demonstration_spaces(frames: int = CLIP_FRAMES) -> dict[str, gym.spaces.Box]:
    """Return the spaces of a demonstration of so many frames."""
    low = np.array([-_FAR_M] * 3 + [-1.0] * 4 + [0.0], np.float32)
    high = np.array([_FAR_M] * 3 + [1.0] * 5, np.float32)
    return {
        "demo_keypoints": gym.spaces.Box(*KEYPOINT_RANGE, (frames, len(HANDS), JOINTS, 2), np.float32),
        "demo_present": gym.spaces.Box(0.0, 1.0, (frames, len(HANDS)), np.float32),
        "demo_path": gym.spaces.Box(np.tile(low, (frames, 1)), np.tile(high, (frames, 1)), dtype=np.float32),
        PLAN_KEY: gym.spaces.Box(np.tile(low, (PLAN_POINTS, 1)), np.tile(high, (PLAN_POINTS, 1)), dtype=np.float32),
    }


def demonstration_observation(extracted: ExtractedDemonstration) -> DemonstrationArrays:
    """Return a demonstration's arrays, t frames each."""
    bounds, tracks = demonstration_spaces(1)["demo_path"], extracted.tracks
    keypoints = np.where(tracks.present[..., None, None], np.clip(tracks.keypoints, *KEYPOINT_RANGE), 0.0)
    trajectory, plan = extracted.trajectory.held(), plan_observation(plan_demonstration(extracted))
    return {
        "demo_keypoints": keypoints.astype(np.float32),
        "demo_present": tracks.present.astype(np.float32),
        "demo_path": np.clip(trajectory, bounds.low[0], bounds.high[0]).astype(np.float32),
        PLAN_KEY: np.clip(plan, bounds.low[0], bounds.high[0]).astype(np.float32),
    }


def plan_observation(plan: GripperPlan) -> NDArray[np.float32]:
    """Return a plan as float32 (32, 8): poses at equal distances; a closing or opening counts as `OPENING_M`."""
    points = np.column_stack([plan.pos_world_m, OPENING_M * ~plan.closed, plan.yaw_rad])
    at = np.linspace(0.0, 1.0, PLAN_POINTS)
    rows = np.stack([np.interp(at, plan.fraction_done, column) for column in points.T], axis=1)
    yaw, zero = rows[:, 4], np.zeros(PLAN_POINTS)
    y, z = np.stack([np.cos(yaw), np.sin(yaw), zero], -1), np.stack([zero, zero, zero - 1], -1)
    down = Rotation.from_matrix(np.stack([np.cross(y, z), y, z], axis=-1))
    poses = np.empty((PLAN_POINTS, 8), np.float32)
    poses[:, :3] = rows[:, :3]
    poses[:, 3:7] = down.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    poses[:, 7] = np.clip(rows[:, 3] / OPENING_M, 0.0, 1.0)
    return poses


def is_demonstrated(trajectory: NDArray[np.floating]) -> bool:
    """Tell a trajectory (t, 8) from the zeros of `no_demonstration`: its quaternions are rotations."""
    return bool(np.any(trajectory[..., 3:7]))

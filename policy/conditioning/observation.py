"""A demonstration as the arrays that a policy observes.

===================  =======  ================  ==================================================================
key                  dtype    shape             content
===================  =======  ================  ==================================================================
``demo_keypoints``   float32  (t, 2, 21, 2)     hand joints, normalised picture coordinates in [-1, 2]; 0 where the
                                                hand is absent (as in the paper's Eq. 2)
``demo_present``     float32  (t, 2)            1 where the hand is there, else 0
``demo_path``        float32  (t, 8)            gripper's path: position (m, world), quaternion wxyz, opening in
                                                [0, 1]; without NaN (`GripperTrajectory.held`)
``demo_plan``        float32  (32, 8)           the same of a robot's gripper in the hand's place, in even steps of way:
                                                `plan_observation`; opening 0 or 1
===================  =======  ================  ==================================================================

No demonstration is all zeros; its quaternions are no turn, so that it can be told from every demonstration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.types import CLIP_FRAMES, HANDS, JOINTS

from ..datasets.episode import PLAN_POINTS

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration

PLAN_KEY = "demo_plan"

KEYPOINT_RANGE = (-1.0, 2.0)
"""Joints farther outside the picture are drawn to this range."""

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
    from .plan_observation import plan_observation

    tracks, plan = extracted.tracks, plan_observation(extracted)
    return arrays_of(tracks.keypoints, tracks.present, extracted.path.held(), plan)


def arrays_of(
    keypoints: NDArray[np.floating],
    present: NDArray[np.bool_],
    path: NDArray[np.floating],
    plan: NDArray[np.floating],
) -> DemonstrationArrays:
    """Return the arrays for tracks and a path of t frames, and a plan.

    Args:
        keypoints: Float (t, 2, 21, 2), normalised; anything where absent.
        present: bool (t, 2).
        path: Float (t, 8), finite.
        plan: Float (`PLAN_POINTS`, 8), finite.
    """
    bounds = demonstration_spaces(1)["demo_path"]
    there = present[..., None, None]
    return {
        "demo_keypoints": np.where(there, np.clip(keypoints, *KEYPOINT_RANGE), 0.0).astype(np.float32),
        "demo_present": present.astype(np.float32),
        "demo_path": np.clip(path, bounds.low[0], bounds.high[0]).astype(np.float32),
        PLAN_KEY: np.clip(plan, bounds.low[0], bounds.high[0]).astype(np.float32),
    }


def is_demonstration(arrays: DemonstrationArrays) -> bool:
    """Tell a demonstration's arrays from `no_demonstration`."""
    return is_shown(arrays["demo_path"])


def is_shown(path: NDArray[np.floating]) -> bool:
    """Tell a path (t, 8) from zeros: its quaternions are turns."""
    return bool(np.any(path[..., 3:7]))

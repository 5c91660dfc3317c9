"""What every format says of a step beside picture, proprioception and action, one row of numbers an array.

====================  ========  =====  ====================================================================
name                  dtype     width  content
====================  ========  =====  ====================================================================
``phase``             float32   1      where in the demonstration the step belongs, in [0, 1]
``plan_phase``        float32   1      where on the way of the demonstration's plan it led to, in [0, 1]
``demo_path``         float32   8      gripper path of the demonstration's frame nearest to the phase
``demo_keypoints``    float32   84     hand joints of that frame: hand, joint, x and y
``demo_plan``         float32   256    the whole plan: 32 poses of 8 numbers, the same in every step
====================  ========  =====  ====================================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivg.types import HANDS, JOINTS

from ...conditioning.observation import PLAN_POINTS
from ..episodes import RobotEpisode

WIDTHS = {
    "phase": 1,
    "plan_phase": 1,
    "demo_path": 8,
    "demo_keypoints": len(HANDS) * JOINTS * 2,
    "demo_plan": PLAN_POINTS * 8,
}
"""Arrays of `step_arrays` and the numbers in a row of each."""

PROPRIO_NAMES = (
    *("x", "y", "z", "qw", "qx", "qy", "qz", "gripper"),
    *(f"joint_{number}" for number in range(1, 8)),
    "time",
)
"""What the 16 numbers of the proprioception are called."""

ACTION_NAMES = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")
"""What the 7 numbers of an action are called: translation, rotation vector, gripper (-1 opens, 1 closes)."""


def step_arrays(episode: RobotEpisode) -> dict[str, NDArray[np.float32]]:
    """Return float32 (n, width) for every name of `WIDTHS`."""
    steps, frames = len(episode), episode.demo_frame
    return {
        "phase": episode.phase[:, None],
        "plan_phase": episode.plan_phase[:, None],
        "demo_path": episode.demo_path[frames],
        "demo_keypoints": episode.demo_keypoints[frames].reshape(steps, -1),
        "demo_plan": np.tile(episode.demo_plan.reshape(1, -1), (steps, 1)),
    }


def rewards(episode: RobotEpisode) -> NDArray[np.float32]:
    """Return float32 (n,): 1 in the last step of an episode that succeeded, else 0."""
    values = np.zeros(len(episode), np.float32)
    values[-1] = float(episode.success)
    return values


def ends(episode: RobotEpisode) -> NDArray[np.bool_]:
    """Return bool (n,): true in the last step."""
    values = np.zeros(len(episode), np.bool_)
    values[-1] = True
    return values


def after(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return what the robot saw after each step: the rows (n, ...) one step on, the last one repeated.

    An episode holds no observation after its last action.
    """
    return np.concatenate([values[1:], values[-1:]])

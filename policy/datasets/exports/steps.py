"""What every format holds of a step beside image, proprioception and action, one row of numbers per array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import HANDS, JOINTS

from ..episode import PLAN_POINTS, RobotEpisode

UNKNOWN = "unknown"  # id of an environment that is not known

# arrays of `step_arrays` and the numbers in a row of each, all float32
WIDTHS = {
    "phase": 1,  # position in the demonstration, in [0, 1]
    "plan_phase": 1,  # position along the demonstration's plan that the step led to, in [0, 1]
    "demo_path": 8,  # gripper pose of the demonstration's frame nearest to the phase
    "demo_keypoints": len(HANDS) * JOINTS * 2,  # hand joints of that frame: hand, joint, x and y
    "demo_plan": PLAN_POINTS * 8,  # the whole plan, the same in every step
}

# of the 16 numbers of the proprioception
PROPRIO_NAMES = (
    *("x", "y", "z", "qw", "qx", "qy", "qz", "gripper"),
    *(f"joint_{number}" for number in range(1, 8)),
    "time",
)

ACTION_NAMES = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")  # translation, rotation vector, -1 opens, 1 closes


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


def ends(episode: RobotEpisode) -> NDArray[np.bool_]:
    """Return bool (n,): true in the last step."""
    return np.arange(len(episode)) == len(episode) - 1


def rewards(episode: RobotEpisode) -> NDArray[np.float32]:
    """Return float32 (n,): 1 in the last step of an episode that succeeded, else 0."""
    return (ends(episode) & episode.success).astype(np.float32)


def environment_of(episode: RobotEpisode) -> tuple[str, dict[str, Any]]:
    """Return id (or `UNKNOWN`) and arguments of an episode's environment, from its provenance's ``{"env": ...}``."""
    note = episode.provenance.get("env")
    if not isinstance(note, dict) or not isinstance(note.get("id"), str):
        return UNKNOWN, {}
    return note["id"], {key: value for key, value in note.items() if key != "id"}


def check_image_size(size: tuple[int, ...], episode: RobotEpisode) -> None:
    """Raise an `InputError` if an episode's images have another height and width than `size`."""
    got = episode.image.shape[1:3]
    if got != tuple(size):
        raise InputError(f"all images of a dataset must have one size: {tuple(size)}, got {tuple(got)}")

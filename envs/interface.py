"""What every environment takes and gives: settings, spaces, proprioception, the robot's state."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from .errors import EnvsError
from .rendering import FAR_M

MIN_CAMERA_PX, MAX_CAMERA_PX = 32, 1024
PROPRIO_SIZE = 16
ACTION_SIZE = 7
CONTROL_HZ = 20
TRANSLATION_M, ROTATION_RAD = 0.05, 0.5  # What 1 in an action means
_PROPRIO_BOUND = 1e4  # seconds since the reset are the largest of its numbers


def check_settings(camera_size: int, horizon: int, render_mode: str | None) -> None:
    """Raise an `EnvsError` for settings that no environment takes."""
    if not MIN_CAMERA_PX <= camera_size <= MAX_CAMERA_PX:
        raise EnvsError(f"camera_size {camera_size}: it must be from {MIN_CAMERA_PX} to {MAX_CAMERA_PX} px.")
    if render_mode not in (None, "rgb_array"):
        raise EnvsError(f"render_mode {render_mode!r}: it must be None or 'rgb_array'.")
    if horizon < 1:
        raise EnvsError(f"horizon {horizon}: it must be 1 or more steps.")


def check_action(action: np.ndarray) -> np.ndarray:
    """Return an action as float64, values beyond [-1, 1] clipped; all but 7 finite numbers raise an `EnvsError`."""
    action = np.asarray(action, dtype=np.float64)
    if action.shape != (ACTION_SIZE,) or not np.isfinite(action).all():
        raise EnvsError(f"action of shape {action.shape}: it must be {ACTION_SIZE} finite numbers in [-1, 1].")
    return np.clip(action, -1.0, 1.0)


def action_space() -> gym.spaces.Box:
    """Return the space of actions, float32 `(7,)` in [-1, 1]."""
    return gym.spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)


def observation_space(camera_size: int, depth: bool, image: bool = True) -> gym.spaces.Dict:
    """Return the space of observations: ``image`` unless refused, ``proprio`` and, if asked for, ``depth``."""
    spaces: dict[str, gym.Space[Any]] = {
        "proprio": gym.spaces.Box(-_PROPRIO_BOUND, _PROPRIO_BOUND, (PROPRIO_SIZE,), np.float32)
    }
    if image:
        spaces["image"] = gym.spaces.Box(0, 255, (camera_size, camera_size, 3), np.uint8)
    if depth:
        spaces["depth"] = gym.spaces.Box(0.0, FAR_M, (camera_size, camera_size), np.float32)
    return gym.spaces.Dict(spaces)


@dataclass(frozen=True)
class ArmState:
    """The robot, world frame."""

    position_m: np.ndarray  # `(3,)`, the point between the fingertips
    rotation: np.ndarray  # `(3, 3)`, the gripper: z approaches, x from the left to the right finger
    opening: float  # Of the gripper, in [0, 1]
    joints_rad: np.ndarray  # `(7,)`

"""Gymnasium wrappers that make a robot's actions easier to explore."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import ConfigError, InputError

_KEPT = [0, 1, 2, 6]  # Translation and gripper, of actions (7,): translation, rotation, gripper


class RepeatAction(gym.Wrapper[Any, Any, Any, Any]):
    """Takes every action several times and sums the rewards; an episode may end in between.

    Args:
        env: Any.
        times: How often, at least 1.

    Raises:
        ConfigError: If it is less.
    """

    def __init__(self, env: gym.Env[Any, Any], times: int) -> None:
        super().__init__(env)
        if times < 1:
            raise ConfigError(f"an action must be taken at least once, got {times}")
        self.times = times

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Act `times` times."""
        total = 0.0
        for _ in range(self.times):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info


class FixedRotation(gym.ActionWrapper[Any, NDArray[np.float32], NDArray[np.float32]]):
    """Leaves the gripper's orientation as it is: actions (4,) are translation and gripper.

    Args:
        env: Its actions are a Box (7,): translation, rotation, gripper.

    Raises:
        InputError: If they are not.
    """

    def __init__(self, env: gym.Env[Any, NDArray[np.float32]]) -> None:
        super().__init__(env)
        space = env.action_space
        if not isinstance(space, gym.spaces.Box) or space.shape != (7,):
            raise InputError(f"fixed_rotation needs actions (7,): translation, rotation, gripper; got {space}")
        self.action_space = gym.spaces.Box(space.low[_KEPT], space.high[_KEPT], dtype=np.float32)

    def action(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the action (7,) with no rotation."""
        whole = np.zeros(7, np.float32)
        whole[_KEPT] = action
        return whole

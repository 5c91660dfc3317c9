"""The environment that a policy is trained in: scenes, a demonstration of each, a reward; actions easier to explore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import FilterObservation
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

from ivg.errors import ConfigError, InputError

from ..conditioning.cache import DemonstrationCache
from ..conditioning.goals import DemoGoalWrapper
from ..conditioning.sources import DemonstrationSource
from ..conditioning.tracking_reward import PROGRESS_KEY, DemoTrackingReward, TrajectoryProgress, check_keys
from ..conditioning.video_demo import VideoDemoWrapper
from ..datasets import DEMONSTRATION_KEYS
from .settings import ReinforcementSettings

MakeEnv = Callable[[], gym.Env[Any, Any]]
"""Makes the environment that is to be learned; one that other processes can be given (no lambda of a notebook)."""

_NO_ROTATION = [0, 1, 2, 6]  # translation and gripper, of actions (7,): translation, rotation, gripper


class RepeatAction(gym.Wrapper[Any, Any, Any, Any]):
    """Takes every action `times` times, at least once, and sums the rewards; an episode may end in between."""

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
    """Leaves the gripper's orientation as it is: actions (4,) are translation and gripper, the environment's (7,)."""

    def __init__(self, env: gym.Env[Any, NDArray[np.float32]]) -> None:
        super().__init__(env)
        space = env.action_space
        if not isinstance(space, gym.spaces.Box) or space.shape != (7,):
            raise InputError(f"fixed_rotation needs actions (7,): translation, rotation, gripper; got {space}")
        self.action_space = gym.spaces.Box(space.low[_NO_ROTATION], space.high[_NO_ROTATION], dtype=np.float32)

    def action(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the action (7,) with no rotation."""
        whole = np.zeros(7, np.float32)
        whole[_NO_ROTATION] = action
        return whole


def conditioned_environment(
    make_env: MakeEnv,
    source: DemonstrationSource | None,
    cache: DemonstrationCache | str | Path | None,
    settings: ReinforcementSettings,
    seeds: Sequence[int] | None = None,
    *,
    following: bool = False,
) -> gym.Env[Any, Any]:
    """Make the environment with the wrappers that the settings ask for; resets draw from the scenes `seeds`.

    With the reward "goals", `following` makes goals of all waypoints in their order instead of one of them.
    """
    env: gym.Env[Any, Any] = RepeatAction(make_env(), settings.repeat)
    env = FixedRotation(env) if settings.fixed_rotation else env
    shown = [key for key in DEMONSTRATION_KEYS if key in settings.observe]
    env = VideoDemoWrapper(env, source, cache=cache, keys=shown, seeds=seeds)
    progress = TrajectoryProgress(reach_m=settings.reach_m, lookahead=settings.lookahead)
    if settings.reward == "goals":
        schedule = "sequence" if following else "one"
        flat = [key for key in settings.observe if key != "image"]
        return DemoGoalWrapper(env, schedule=schedule, trajectory_key=settings.follow, keys=flat, progress=progress)
    weight = settings.tracking_weight if settings.reward == "tracking" else 0.0
    follow = settings.follow
    env = DemoTrackingReward(env, gamma=settings.gamma, trajectory_key=follow, weight=weight, progress=progress)
    keys = (*settings.observe, PROGRESS_KEY)
    check_keys(env, keys)
    return FilterObservation(env, keys)


def training_environments(
    make_env: MakeEnv,
    source: DemonstrationSource | None,
    cache: DemonstrationCache,
    settings: ReinforcementSettings,
    seeds: Sequence[int],
) -> VecEnv:
    """Make the environments to train in; more than one, each in a process of its own with a copy of the source."""
    make = partial(_monitored, make_env, source, cache.folder or cache, settings, list(seeds))
    count = settings.environments
    envs = DummyVecEnv([make]) if count == 1 else SubprocVecEnv([make] * count, start_method="spawn")
    envs.seed(settings.seed)
    return envs


def _monitored(*arguments: Any) -> Monitor:
    return Monitor(conditioned_environment(*arguments))

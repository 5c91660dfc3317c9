"""The environment that a policy is trained in: scenes, a demonstration of each, a reward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
from gymnasium.wrappers import FilterObservation
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

from ..conditioning.cache import DemonstrationCache
from ..conditioning.goals import DemoGoalWrapper
from ..conditioning.sources import DemonstrationSource
from ..conditioning.tracking_reward import PROGRESS_KEY, DemoTrackingReward, TrajectoryProgress, check_keys
from ..conditioning.video_demo import VideoDemoWrapper
from ..datasets import DEMONSTRATION_KEYS
from .actions import FixedRotation, RepeatAction
from .settings import ReinforcementSettings

MakeEnv = Callable[[], gym.Env[Any, Any]]
"""Makes the environment that is to be learned; one that other processes can be given (no lambda of a notebook)."""


def conditioned_environment(
    make_env: MakeEnv,
    source: DemonstrationSource | None,
    cache: DemonstrationCache | str | Path | None,
    settings: ReinforcementSettings,
    seeds: Sequence[int] | None = None,
    *,
    following: bool = False,
) -> gym.Env[Any, Any]:
    """Make the environment with the wrappers that the settings ask for.

    Args:
        make_env: Makes the environment without wrappers.
        source: Of demonstrations.
        cache: Of demonstrations.
        settings: Of the training.
        seeds: Scenes that resets draw from.
        following: With the reward "goals", whether goals are all waypoints in their order instead of one of them.
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
    env = DemoTrackingReward(
        env, gamma=settings.gamma, trajectory_key=settings.follow, weight=weight, progress=progress
    )
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
    """Make the environments to train in; with more than one, each in a process of its own.

    Args:
        make_env: Makes an environment without wrappers.
        source: Of demonstrations. Each process gets a copy, so it should be light (`PrecomputedDemonstrations`).
        cache: Of demonstrations; with a folder if processes share it.
        settings: Of the training.
        seeds: Scenes that resets draw from.
    """
    make = partial(_monitored, make_env, source, cache.folder or cache, settings, list(seeds))
    count = settings.environments
    envs = DummyVecEnv([make]) if count == 1 else SubprocVecEnv([make] * count, start_method="spawn")
    envs.seed(settings.seed)
    return envs


def _monitored(
    make_env: MakeEnv,
    source: DemonstrationSource | None,
    cache: DemonstrationCache | Path,
    settings: ReinforcementSettings,
    seeds: list[int],
) -> Monitor:
    return Monitor(conditioned_environment(make_env, source, cache, settings, seeds))

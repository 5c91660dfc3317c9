"""Learners of stable-baselines3, by our settings."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.her import HerReplayBuffer

from ivg.errors import ConfigError

from ..conditioning.features import DemoFeaturesExtractor
from .settings import ReinforcementSettings, check_learner

CLASSES: dict[str, type[BaseAlgorithm]] = {"sac": SAC, "td3": TD3, "ppo": PPO}

POLICY = "MultiInputPolicy"


def make_learner(envs: VecEnv, settings: ReinforcementSettings) -> BaseAlgorithm:
    """Make a learner with fresh networks; refuses what the algorithm does not take (`InputError`, `ConfigError`)."""
    kind: Any = CLASSES[settings.algorithm]
    check_learner(kind, settings.learner)
    arguments: dict[str, Any] = dict(settings.learner)
    if settings.reward == "goals":
        arguments["replay_buffer_class"] = HerReplayBuffer
    try:
        learner: BaseAlgorithm = kind(
            POLICY,
            envs,
            policy_kwargs=policy_arguments(settings),
            gamma=settings.gamma,
            seed=settings.seed,
            device=settings.device,
            **arguments,
        )
        return learner
    except (TypeError, ValueError, AssertionError) as error:
        raise ConfigError(f"{kind.__name__} refuses its settings: {error}") from error


def policy_arguments(settings: ReinforcementSettings) -> dict[str, Any]:
    """Return what a policy's class takes, besides its spaces."""
    follow = {} if settings.reward == "goals" else {"follow": settings.follow}  # goals come in a row of numbers
    return {
        "net_arch": list(settings.net_arch),
        "features_extractor_class": DemoFeaturesExtractor,
        "features_extractor_kwargs": {**follow, **settings.features},
    }

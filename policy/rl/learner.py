"""Learners of stable-baselines3, by our settings; their policies as safetensors and JSON, never as pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.her import HerReplayBuffer

from ivg.errors import ConfigError, IvgError, WeightsError
from ivg.io.staging import staged_output
from ivg.training.checkpoint import plain

from ..conditioning.features import DemoFeaturesExtractor
from .settings import ReinforcementSettings, check_learner

CLASSES: dict[str, type[BaseAlgorithm]] = {"sac": SAC, "td3": TD3, "ppo": PPO}

POLICY = "MultiInputPolicy"

_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_PICKLES = (".zip", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt")


def make_learner(envs: VecEnv, settings: ReinforcementSettings) -> BaseAlgorithm:
    """Make a learner with fresh networks; refuses what the algorithm does not take (`InputError`, `ConfigError`)."""
    kind: Any = CLASSES[settings.algorithm]
    check_learner(kind, settings.learner)
    arguments: dict[str, Any] = dict(settings.learner)
    if settings.reward == "goals":
        arguments["replay_buffer_class"] = HerReplayBuffer
    try:
        arguments |= {name: getattr(settings, name) for name in ("gamma", "seed", "device")}
        learner: BaseAlgorithm = kind(POLICY, envs, policy_kwargs=policy_arguments(settings), **arguments)
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


def save_policy(
    learner: BaseAlgorithm, settings: ReinforcementSettings, folder: str | Path, *, overwrite: bool = False
) -> Path:
    """Write a learner's policy: weights, spaces and settings."""
    folder = Path(folder)
    config = {
        "settings": asdict(settings),
        "steps": learner.num_timesteps,
        "observation_space": describe_space(learner.policy.observation_space),
        "action_space": describe_space(learner.policy.action_space),
    }
    with staged_output(folder, overwrite=overwrite) as stage:
        stage.mkdir()
        save_file(plain(learner.policy.state_dict()), stage / _WEIGHTS)
        (stage / _CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    return folder


def load_policy(folder: str | Path, device: str = "cpu") -> tuple[BasePolicy, ReinforcementSettings]:
    """Read a policy that `save_policy` wrote, and its training's settings (`WeightsError` if it is of no use)."""
    folder = Path(folder)
    if folder.is_file() or folder.suffix in _PICKLES:
        raise WeightsError(
            f"'{folder}' is no folder of {_WEIGHTS} and {_CONFIG}; files that may hold a pickle "
            f"({', '.join(_PICKLES)}) are not loaded, for they can run code"
        )
    if not (folder / _CONFIG).is_file() or not (folder / _WEIGHTS).is_file():
        raise WeightsError(f"'{folder}' holds no policy: {_CONFIG} and {_WEIGHTS} are expected there")
    try:
        config = json.loads((folder / _CONFIG).read_text())
        settings = ReinforcementSettings(**config["settings"])
        spaces = (space_of(config[name]) for name in ("observation_space", "action_space"))
        kind = CLASSES[settings.algorithm].policy_aliases[POLICY]
        policy = kind(*spaces, lambda _: 0.0, **policy_arguments(settings))
        policy.load_state_dict(load_file(folder / _WEIGHTS))
    except (IvgError, KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        raise WeightsError(f"'{folder}' holds no policy that can be read: {error}") from error
    policy.set_training_mode(False)
    return policy.to(device), settings


def describe_space(space: gym.Space[Any]) -> dict[str, Any]:
    """Return a Box, or a Dict of Boxes, as JSON can hold it; refuses others (`ConfigError`)."""
    if isinstance(space, gym.spaces.Dict):
        return {key: describe_space(inner) for key, inner in space.spaces.items()}
    if not isinstance(space, gym.spaces.Box):
        raise ConfigError(f"only Box spaces and Dicts of them can be saved, got {space}")
    bounds = {"low": _bound(space.low), "high": _bound(space.high)}
    return {"box": {"shape": list(space.shape), "dtype": str(space.dtype), **bounds}}


def space_of(described: dict[str, Any]) -> gym.Space[Any]:
    """Build the space that `describe_space` described."""
    if set(described) != {"box"}:
        return gym.spaces.Dict({key: space_of(inner) for key, inner in described.items()})
    box = described["box"]
    dtype, shape = np.dtype(box["dtype"]), tuple(box["shape"])
    low, high = (np.broadcast_to(np.asarray(box[end], np.float64), shape).astype(dtype) for end in ("low", "high"))
    return gym.spaces.Box(low, high, dtype=dtype.type)


def _bound(values: np.ndarray) -> Any:
    """Return a bound as one number if it is the same everywhere; infinities as words."""
    if values.size and (values == values.flat[0]).all():
        value = float(values.flat[0])
        return value if np.isfinite(value) else str(value)
    return values.tolist()

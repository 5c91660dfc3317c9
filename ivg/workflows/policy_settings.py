"""Settings of ``ivg-policy train`` and ``train-rl``, composed by hydra and read as the trainings that they describe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ..errors import ConfigError, unknown_option
from ..policy.learning.config import POLICIES, EpisodeData, PolicyRun, PolicyTraining
from ..policy.rl.settings import KIND, PRESETS, ReinforcementSettings
from ..training.composition import compose, read, read_top, register, resolve
from .demo.context import KITCHEN
from .rl_environment import SOURCES, EnvironmentSettings, ReinforcementRun

IMITATION, REINFORCEMENT = "policy_train", "policy_train_rl"  # Files of `configs/`


def _as_at_the_top(kind: type) -> DictConfig:
    """Return a policy's defaults with the conditioning of the configuration's top level."""
    node: DictConfig = OmegaConf.structured(kind)
    node.conditioning = "${conditioning}"
    return node


POLICY_OPTIONS: dict[str, Any] = {  # options for hydra (`ivg.training.composition.register`)
    **{f"policy/{name}": _as_at_the_top(kind) for name, kind in POLICIES.items()},
    **{f"policy/{name}": ReinforcementSettings(**values) for name, values in PRESETS.items()},
    "schema/policy_training": PolicyTraining,
    "schema/robot_episodes": EpisodeData,
    "schema/environment": EnvironmentSettings,
}


def compose_policy(overrides: Sequence[str], name: str = IMITATION) -> DictConfig:
    """Return the configuration that a file of `configs/` and settings give (`ConfigError` if one is wrong)."""
    register(POLICY_OPTIONS)
    return compose(name, overrides)


def read_policy_run(settings: DictConfig | Sequence[str]) -> PolicyRun:
    """Return the training on episodes that settings (NAME=VALUE, or composed) describe; wrong ones: `ConfigError`."""
    config = settings if isinstance(settings, DictConfig) else compose_policy(settings)
    if config.policy.kind not in POLICIES:
        raise unknown_option("policy.kind", config.policy.kind, POLICIES)
    _refuse_missing(config, "output", "output=FOLDER")
    _refuse_missing(config.data, "path", "data.path=EPISODES.zarr")
    resolve(config)  # the policy's conditioning is the top level's, from where it is taken now
    top = read_top(config, output=str, resume=bool, device=str | None)
    return PolicyRun(
        policy=read(POLICIES[config.policy.kind], "policy", config.policy),
        train=read(PolicyTraining, "train", config.train),
        data=read(EpisodeData, "data", config.data),
        **{**top, "output": Path(top["output"])},
    )


def read_reinforcement(settings: DictConfig | Sequence[str]) -> ReinforcementRun:
    """Return the training by reinforcement that settings (NAME=VALUE, or composed) describe."""
    config = settings if isinstance(settings, DictConfig) else compose_policy(settings, REINFORCEMENT)
    if config.policy.kind != KIND:
        raise ConfigError(f"policy '{config.policy.kind}' learns from episodes: use ivg-policy train policy=...")
    _refuse_missing(config, "output", "output=FOLDER")
    resolve(config)
    texts = dict.fromkeys(("task", "demonstrations", "weights", "output"), str)
    top = read_top(config, **texts, cache=str | None, resume=bool)
    if top["demonstrations"] not in SOURCES:
        raise unknown_option("demonstrations", top["demonstrations"], SOURCES)
    policy = read(ReinforcementSettings, "policy", config.policy)
    environment = read(EnvironmentSettings, "environment", config.environment)
    if environment.name == KITCHEN and "image" not in policy.observe:
        environment.options = {"image": False, **environment.options}  # rendering takes most of a step
    folders = {"output": Path(top["output"]), "cache": top["cache"] and Path(top["cache"])}
    return ReinforcementRun(policy=policy, environment=environment, **{**top, **folders})


def _refuse_missing(part: DictConfig, key: str, example: str) -> None:
    if OmegaConf.is_missing(part, key):
        raise ConfigError(f"{example.partition('=')[0]} is missing: give {example}")

"""The settings of ``ivg-policy train-rl``, as hydra composes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli.policy.train import compose_settings, resolve
from ..errors import ConfigError, unknown_option
from .context import KITCHEN
from .rl_environment import SOURCES, EnvironmentSettings

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ..policy.rl.settings import ReinforcementSettings

CONFIG = "policy_train_rl"


@dataclass(kw_only=True)
class TopSettings:
    """What stands at the top of `configs/policy_train_rl.yaml`; see there."""

    task: str
    demonstrations: str
    weights: str
    output: str
    cache: str | None
    resume: bool


@dataclass(frozen=True, kw_only=True)
class ReinforcementRun:
    """One training.

    Attributes:
        policy: How the policy is trained.
        environment: Where.
        task: In words.
        demonstrations: One of `SOURCES`.
        weights: Of the generator.
        output: Folder of the run.
        cache: Folder of demonstrations; in `output` if None.
        resume: Whether to go on.
    """

    policy: ReinforcementSettings
    environment: EnvironmentSettings
    task: str
    demonstrations: str
    weights: str
    output: Path
    cache: Path | None
    resume: bool


def compose_reinforcement(overrides: Sequence[str]) -> DictConfig:
    """Return the configuration that `configs/policy_train_rl.yaml` and these settings give.

    Raises:
        ConfigError: If a setting is unknown or has a value of the wrong type.
    """
    return compose_settings(overrides, CONFIG)


def read_reinforcement(overrides: Sequence[str]) -> ReinforcementRun:
    """Check settings and return the training that they say.

    Raises:
        ConfigError: If a setting is unknown, missing, or has an impossible value.
        InputError: If a name is unknown.
    """
    return reinforcement_of(compose_reinforcement(overrides))


def reinforcement_of(config: DictConfig) -> ReinforcementRun:
    """Check a configuration and return the training that it says.

    Raises:
        ConfigError: If a setting is missing or has an impossible value.
        InputError: If a name is unknown.
    """
    from omegaconf import OmegaConf

    from ..cli.train import read_config, read_top
    from ..policy.rl.settings import KIND, ReinforcementSettings

    if config.policy.kind != KIND:
        raise ConfigError(f"policy '{config.policy.kind}' learns from episodes: use ivg-policy train policy=...")
    if OmegaConf.is_missing(config, "output"):
        raise ConfigError("output is missing: give output=FOLDER")
    resolve(config)
    top = read_top(TopSettings, config)
    if top.demonstrations not in SOURCES:
        raise unknown_option("demonstrations", top.demonstrations, SOURCES)
    policy = read_config(ReinforcementSettings, "policy", config.policy)
    environment = read_config(EnvironmentSettings, "environment", config.environment)
    if environment.name == KITCHEN and "image" not in policy.observe:
        environment.options = {"image": False, **environment.options}  # rendering takes most of a step
    return ReinforcementRun(
        policy=policy,
        environment=environment,
        task=top.task,
        demonstrations=top.demonstrations,
        weights=top.weights,
        output=Path(top.output),
        cache=None if top.cache is None else Path(top.cache),
        resume=top.resume,
    )

"""``ivg-policy train``: a policy from robot episodes, as hydra's configuration says."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, unknown_option
from ...models.device import check_device
from ..shared.multirun import add_multirun_option, run_multirun

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ...policy.learning import PolicyRun


def add_train(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a diffusion policy or behaviour cloning on robot episodes"
    train = actions.add_parser("train", help=help_text, description=help_text)
    settings_help = (
        "hydra's: policy=diffusion or policy=behaviour_cloning, conditioning=demo, text or none, "
        "data.path=EPISODES.zarr, output=FOLDER, train.steps=6000, resume=true, ..."
    )
    train.add_argument("settings", nargs="*", metavar="NAME=VALUE", help=settings_help)
    train.add_argument("--show", action="store_true", help="print all settings and train nothing")
    add_multirun_option(train)
    train.set_defaults(action=run_train)


def run_train(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If a setting is wrong or the episodes cannot be used.
    """
    if options.show:
        from omegaconf import OmegaConf

        print(OmegaConf.to_yaml(compose_settings(options.settings)), end="")
        return
    if options.multirun:
        register_schemas()
        run_multirun(train_one, options.settings, "policy_train", "ivg-policy train")
        return
    train_one(compose_settings(options.settings))


def train_one(config: DictConfig) -> None:
    """Train what a configuration says."""
    run = run_of(config)
    check_device(run.device)
    from ...policy.learning import train_policy

    figures = train_policy(run)
    print("held out: " + "  ".join(f"{name} {value:.4g}" for name, value in figures.items()))
    print(f"policy: {run.output / 'weights'}   curves: {run.output / 'curves.png'}")


def compose_settings(overrides: Sequence[str], name: str = "policy_train") -> DictConfig:
    """Return the configuration that a file of `configs/` and these settings give.

    Args:
        overrides: As hydra takes them: NAME=VALUE.
        name: The file, without its ending.

    Raises:
        ConfigError: If a setting is unknown or has a value of the wrong type.
    """
    from hydra import compose, initialize_config_module
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from ..train import UNREADABLE

    register_schemas()
    try:
        with initialize_config_module("ivg.configs", version_base="1.3"):
            return compose(name, overrides=list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        causes = [str(cause) for cause in (error, error.__cause__) if cause is not None]
        raise ConfigError(" ".join(" ".join(causes).split())) from error
    except Exception as error:  # nothing of ours runs there
        raise ConfigError(f"{UNREADABLE} ({type(error).__name__}: {error})") from error


def read_run(overrides: Sequence[str]) -> PolicyRun:
    """Check settings and return the training that they say.

    Raises:
        ConfigError: If a setting is unknown, missing, or has an impossible value.
    """
    return run_of(compose_settings(overrides))


def run_of(config: DictConfig) -> PolicyRun:
    """Check a configuration and return the training that it says.

    Raises:
        ConfigError: If a setting is missing or has an impossible value.
    """
    from omegaconf import OmegaConf

    from ...policy.learning.config import POLICIES, EpisodeData, PolicyTraining
    from ...policy.learning.training import PolicyRun
    from ..train import read_config, read_top

    if config.policy.kind not in POLICIES:
        raise unknown_option("policy.kind", config.policy.kind, POLICIES)
    for part, key, example in ((config, "output", "output=FOLDER"), (config.data, "path", "data.path=EPISODES.zarr")):
        if OmegaConf.is_missing(part, key):
            raise ConfigError(f"{example.partition('=')[0]} is missing: give {example}")
    resolve(config)  # the policy's conditioning is the top level's, from where it is taken now
    top = read_top(TopSettings, config)
    return PolicyRun(
        policy=read_config(POLICIES[config.policy.kind], "policy", config.policy),
        train=read_config(PolicyTraining, "train", config.train),
        data=read_config(EpisodeData, "data", config.data),
        output=Path(top.output),
        resume=top.resume,
        device=top.device,
    )


@dataclass(kw_only=True)
class TopSettings:
    """What stands at the top of `configs/policy_train.yaml`; see there."""

    output: str
    resume: bool
    device: str | None


def resolve(config: DictConfig) -> None:
    """Put the values in place that a configuration refers to.

    Raises:
        ConfigError: If one is not there, or of the wrong type.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        OmegaConf.resolve(config)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split())) from error


def register_schemas() -> None:
    """Tell hydra the dataclasses that the files are checked against."""
    from hydra.core.config_store import ConfigStore

    from ...policy.learning.config import POLICIES, EpisodeData, PolicyTraining
    from ...policy.rl.settings import KIND, ReinforcementSettings

    store = ConfigStore.instance()
    store.store(group="schema/policy", name=KIND, node=ReinforcementSettings)
    for name, kind in POLICIES.items():
        store.store(group="schema/policy", name=name, node=kind)
    store.store(group="schema/train", name="policy", node=PolicyTraining)
    store.store(group="schema", name="robot_episodes", node=EpisodeData)

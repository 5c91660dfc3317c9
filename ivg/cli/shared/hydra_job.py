"""Trainings that hydra starts: one here, or with ``--multirun`` many, which its launchers run here or hand to SLURM."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...envs.errors import EnvsError
from ...errors import ConfigError, IvgError
from ...io.checks import refusals_as_errors

if TYPE_CHECKING:
    from omegaconf import DictConfig

_begun: list[bool] = []  # whether hydra has composed: errors before that are about the settings


def add_settings(parser: Any, settings_help: str) -> None:
    """Add the settings NAME=VALUE, ``--show`` and ``--multirun``."""
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help=settings_help)
    parser.add_argument("--show", action="store_true", help="print all settings and train nothing")
    multirun_help = (
        "train once for each combination of values (train.seed=0,1,2); with hydra/launcher=submitit_slurm as jobs of "
        "SLURM, see docs/clusters.md"
    )
    parser.add_argument("--multirun", "-m", action="store_true", help=multirun_help)


def run_settings(options: Any, job: Callable[[DictConfig], None], name: str, program: str) -> None:
    """Show, sweep or train what the options of `add_settings` say; arguments as of `run_hydra`."""
    from ...training.composition import register
    from ...workflows.policy_settings import POLICY_OPTIONS, compose_policy

    if options.show:
        from omegaconf import OmegaConf

        print(OmegaConf.to_yaml(compose_policy(options.settings, name)), end="")
    elif options.multirun:
        register(POLICY_OPTIONS)
        run_hydra(job, ["--multirun", *options.settings], name, program)
    else:
        config = compose_policy(options.settings, name)
        with _errors_of_jobs():
            job(config)


def run_hydra(job: Callable[[DictConfig], None], arguments: Sequence[str], name: str, program: str) -> None:
    """Let hydra call a function, once or for each combination of values.

    Args:
        job: Trains what a configuration says, in a `hydra_job` block; a function that other processes can import.
        arguments: NAME=VALUE, or NAME=VALUE,VALUE beside ``--multirun``; also hydra's own options and settings.
        name: The file of `configs/`, without its ending; its options are registered.
        program: Name of the command.

    Raises:
        ConfigError: If a setting is unknown or has a value of the wrong type, or the launcher is not installed.
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from ...training.composition import CONFIGS, UNREADABLE, one_line

    _check_launcher(arguments)
    _begun.clear()
    before, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [program, *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions through, so that they become one line
    try:
        with _errors_of_jobs():
            hydra.main(config_path=f"pkg://{CONFIGS}", config_name=name, version_base="1.3")(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(one_line(error)) from error
    except Exception as error:
        if _begun:
            raise
        raise ConfigError(f"{UNREADABLE} ({type(error).__name__}: {error})") from error
    finally:
        sys.argv = before
        os.environ.pop("HYDRA_FULL_ERROR") if full is None else os.environ.update(HYDRA_FULL_ERROR=full)


@contextmanager
def hydra_job(program: str) -> Iterator[None]:
    """Run the body of a job: a wrong request ends the process with one line, before hydra adds lines of its own."""
    _begun.append(True)
    try:
        with refusals_as_errors():
            yield
    except (IvgError, EnvsError) as error:
        raise SystemExit(f"{program}: {' '.join(str(error).split())}") from error  # of which hydra says nothing


@contextmanager
def _errors_of_jobs() -> Iterator[None]:
    """Raise the errors that `hydra_job` turned into ends of the program, which is what they are in other processes."""
    try:
        yield
    except SystemExit as end:
        if isinstance(end.__cause__, IvgError | EnvsError):
            raise end.__cause__ from None
        raise


def _check_launcher(settings: Sequence[str]) -> None:
    """Raise a `ConfigError` if settings ask for a launcher of submitit's that is not installed."""
    if not any(setting.startswith("hydra/launcher=submitit") for setting in settings):
        return
    try:
        found = importlib.util.find_spec("hydra_plugins.hydra_submitit_launcher")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ConfigError("hydra/launcher=submitit_* needs hydra-submitit-launcher: pip install 'ivg[slurm]'")

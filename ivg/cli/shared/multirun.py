"""Many trainings by one command: hydra's ``--multirun``, whose launchers run them here or hand them to SLURM."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def add_multirun_option(parser: Any) -> None:
    """Add ``--multirun``."""
    multirun_help = (
        "train once for each combination of values (train.seed=0,1,2); with hydra/launcher=submitit_slurm as jobs of "
        "SLURM, see docs/clusters.md"
    )
    parser.add_argument("--multirun", "-m", action="store_true", help=multirun_help)


def run_multirun(train: Callable[[DictConfig], None], settings: Sequence[str], name: str, program: str) -> None:
    """Let hydra call a function once for each combination of values.

    Args:
        train: Trains what a configuration says; a function that other processes can import.
        settings: NAME=VALUE or NAME=VALUE,VALUE; also hydra's own, such as hydra/launcher=submitit_slurm.
        name: The file of `configs/`, without its ending.
        program: What hydra calls the command.

    Raises:
        ConfigError: If a setting is unknown or has a value of the wrong type, or the launcher is not installed.
        IvgError: Of a training.
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    check_launcher(settings)
    before, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [program, "--multirun", *settings]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions through, so that we can word them
    try:
        hydra.main(config_path="pkg://ivg.configs", config_name=name, version_base="1.3")(train)()
    except (HydraException, OmegaConfBaseException) as error:
        causes = [str(cause) for cause in (error, error.__cause__) if cause is not None]
        raise ConfigError(" ".join(" ".join(causes).split())) from error
    finally:
        sys.argv = before
        os.environ.pop("HYDRA_FULL_ERROR") if full is None else os.environ.update(HYDRA_FULL_ERROR=full)


def check_launcher(settings: Sequence[str]) -> None:
    """Raise a `ConfigError` if settings ask for a launcher of submitit's that is not installed."""
    if not any(setting.startswith("hydra/launcher=submitit") for setting in settings):
        return
    try:
        found = importlib.util.find_spec("hydra_plugins.hydra_submitit_launcher")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ConfigError("hydra/launcher=submitit_* needs hydra-submitit-launcher: pip install 'ivg[slurm]'")

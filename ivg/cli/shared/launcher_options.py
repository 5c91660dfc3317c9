"""Where a command's workers run: processes of this machine, or actors of a Ray cluster."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import InputError
from ...jobs import LOCAL, Launcher, Processes, RayCluster
from .options import add_values

LAUNCHERS = ("processes", "ray")  # values of --launcher; the first is the default
_LAUNCHER = "processes of this machine, or actors of a Ray cluster (default: %(default)s)"
_ADDRESS = "auto, or HOST:PORT, to join a Ray cluster that runs (default: local, one made for the run)"
_GPUS = "GPUs that a worker on Ray takes up: a fraction of one such as 0.25, or some whole ones (default: 0)"


def add_launcher_options(parser: Any, workers: int | None = 2) -> None:
    """Add how many workers there are, and where they run; without a default, `launcher_from` takes two workers."""
    options: dict[str, tuple[Any, ...]] = {
        "workers": (int, "N", f"processes (default: {workers or 2})", workers),
        "launcher": (LAUNCHERS, None, _LAUNCHER, LAUNCHERS[0]),
        "ray-address": (str, "ADDRESS", _ADDRESS),
        "gpus-per-worker": (float, "G", _GPUS),
    }
    add_values(parser, options)


def launcher_from(options: argparse.Namespace) -> Launcher:
    """Return the launcher asked for; an `InputError` if options do not go together, or Ray is not installed."""
    workers = 2 if options.workers is None else options.workers
    if options.launcher != "ray":
        for name in ("ray_address", "gpus_per_worker"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} does not go with --launcher {options.launcher}")
        return Processes(workers)
    device, gpus = getattr(options, "device", "cpu"), options.gpus_per_worker or 0.0
    if gpus == 0 and device != "cpu":
        raise InputError(f"--device {device} on Ray needs --gpus-per-worker, such as 0.25 for four workers a GPU")
    return RayCluster(workers, options.ray_address or LOCAL, gpus)

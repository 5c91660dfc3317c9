"""Where a command's workers run: processes of this machine, or actors of a Ray cluster."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import InputError
from ...jobs import LOCAL, Launcher, Processes, RayCluster

LAUNCHERS = ("processes", "ray")
"""Values of ``--launcher``; the first is the default."""


def add_launcher_options(parser: Any, workers: int | None = 2) -> None:
    """Add how many workers there are, and where they run.

    Args:
        parser: The command's.
        workers: The default; None leaves the option None, and `launcher_from` takes 2.
    """
    parser.add_argument(
        "--workers", type=int, default=workers, metavar="N", help=f"processes (default: {workers or 2})"
    )
    launcher_help = "processes of this machine, or actors of a Ray cluster (default: %(default)s)"
    parser.add_argument("--launcher", choices=LAUNCHERS, default=LAUNCHERS[0], help=launcher_help)
    address_help = "auto, or HOST:PORT, to join a Ray cluster that runs (default: local, one made for the run)"
    parser.add_argument("--ray-address", metavar="ADDRESS", help=address_help)
    gpus_help = "GPUs that a worker on Ray takes up: a fraction of one such as 0.25, or some whole ones (default: 0)"
    parser.add_argument("--gpus-per-worker", type=float, metavar="G", help=gpus_help)


def launcher_from(options: argparse.Namespace) -> Launcher:
    """Return the launcher that the options ask for.

    Raises:
        InputError: If options do not go together, or Ray is not installed.
    """
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

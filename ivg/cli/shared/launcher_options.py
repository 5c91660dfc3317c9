"""Where a command's workers run: processes of this machine, or actors of a Ray cluster."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import InputError

LAUNCHERS = ("processes", "ray")
"""Values of ``--launcher``; the first is the default."""


def add_launcher_options(parser: Any) -> None:
    """Add where the workers run."""
    launcher_help = "processes of this machine, or actors of a Ray cluster (default: %(default)s)"
    parser.add_argument("--launcher", choices=LAUNCHERS, default=LAUNCHERS[0], help=launcher_help)
    address_help = "auto, or HOST:PORT, to join a Ray cluster that runs (default: local, one made for the run)"
    parser.add_argument("--ray-address", metavar="ADDRESS", help=address_help)
    gpus_help = "GPUs that a worker on Ray takes up: a part of one such as 0.25, or some whole ones (default: 0)"
    parser.add_argument("--gpus-per-worker", type=float, metavar="G", help=gpus_help)


def launcher_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return what a pool is called with so that its workers run there: `run`, or nothing for processes.

    Raises:
        InputError: If options do not go together, or Ray is not installed.
    """
    from ...jobs.ray_cluster import LOCAL, RayJobs, check_ray

    if options.launcher != "ray":
        for name in ("ray_address", "gpus_per_worker"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} does not go with --launcher {options.launcher}")
        return {}
    gpus = options.gpus_per_worker or 0.0
    if gpus < 0 or (gpus > 1 and gpus != round(gpus)):
        raise InputError(f"--gpus-per-worker must be in [0, 1] or a whole number, got {gpus:g}")
    device = getattr(options, "device", "cpu")
    if gpus == 0 and device != "cpu":
        raise InputError(f"--device {device} on Ray needs --gpus-per-worker, such as 0.25 for four workers a GPU")
    check_ray()
    return {"run": RayJobs(options.ray_address or LOCAL, gpus)}

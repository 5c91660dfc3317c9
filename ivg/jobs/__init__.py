"""Many jobs over the processes of this machine or the actors of a Ray cluster: one interface for both.

A *worker* is a callable that does one job. Each process makes its own, once, by a picklable callable without arguments:

    make_worker = functools.partial(Renderer, size=128)     # Renderer(size=128)(job) -> result
    launcher = Processes(workers=2)                          # or RayCluster(workers=2, address="auto")
    for index, result in launcher.run(make_worker, jobs):    # results as they end
        ...                                                  # CRASHED where a job killed its process twice

`in_order` yields results in the order of their jobs; `run_guarded` turns errors and crashes into results; `run_logged`
skips what a log holds already, and adds each outcome as it comes. Closing the iterator stops the run: jobs that have
not begun are dropped. A worker that cannot be made raises `WorkerStartError`.

In every process: one thread (OpenMP, BLAS, OpenCV), Ctrl-C is left to the parent, and the process ends with its parent.
"""

from .launcher import CRASHED, ONE_THREAD, Launcher, MakeWorker, WorkerStartError, environment
from .processes import TWO_PROCESSES, Processes
from .ray_cluster import LOCAL, RayCluster
from .results import (
    OnProgress,
    Progress,
    all_results,
    describe_error,
    in_order,
    run_guarded,
    run_logged,
    stage_progress,
)

__all__ = [
    "CRASHED",
    "LOCAL",
    "ONE_THREAD",
    "TWO_PROCESSES",
    "Launcher",
    "MakeWorker",
    "OnProgress",
    "Processes",
    "Progress",
    "RayCluster",
    "WorkerStartError",
    "all_results",
    "describe_error",
    "environment",
    "in_order",
    "run_guarded",
    "run_logged",
    "stage_progress",
]

"""What launchers have in common: their interface, and how a process is prepared before its worker is made."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ..errors import IvgError

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""Environment of the workers: each is one of several, and more threads would only compete."""

CRASHED: Any = object()  # the result of a job whose process died twice

# Called once in each process (so it must be picklable); returns the worker, which is called with one job at a time.
MakeWorker = Callable[[], Callable[[Any], Any]]

Results = Generator[tuple[int, Any], None, None]  # yields indices of jobs and their results; closing it stops the run


class WorkerStartError(IvgError):
    """A worker could not be made: `make_worker` raised, or its process died before any job."""


class Launcher(Protocol):
    """Runs jobs in workers; `Processes` and `RayCluster`."""

    @property
    def workers(self) -> int:
        """Workers at most."""

    def run(self, make_worker: MakeWorker, jobs: Sequence[Any]) -> Results:
        """Do jobs in any order. A job whose process dies is done again; the second time its result is `CRASHED`.

        Jobs are picklable. Yields a job's index and its result, as jobs end. An error that a worker raises is raised
        here.

        Raises:
            WorkerStartError: If a worker cannot be made; its trace is on stderr.
        """


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that start in the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def prepare_process() -> None:
    """Leave Ctrl-C to the parent; set OpenCV to one thread (the other libraries read `ONE_THREAD`)."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)

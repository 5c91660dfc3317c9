"""Jobs over processes of this machine; a process that dies costs one job, not the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..io.checks import check_positive
from .launcher import CRASHED, ONE_THREAD, MakeWorker, Results, WorkerStartError, environment, prepare_process

CHUNK = 256
"""Jobs handed to the pool at a time, so that Ctrl-C does not have to wait for a long queue."""

_STOP = "stop"
"""Name of the file that tells processes to skip jobs that they were handed and have not begun."""


@dataclass(frozen=True)
class Processes:
    """Runs jobs in spawned processes; see `Launcher`.

    When a process dies (a decoder that crashes on a damaged file, say), the jobs that were under way are done again,
    each in a process of its own, and one that kills that too gives `CRASHED`.

    Attributes:
        workers: Processes at most.
    """

    workers: int = 2

    def __post_init__(self) -> None:
        """Check the number."""
        check_positive(workers=self.workers)

    def run(self, make_worker: MakeWorker, jobs: Sequence[Any]) -> Results:
        """Do jobs in any order; see `Launcher.run`."""
        with tempfile.TemporaryDirectory(prefix="ivg-jobs-") as folder, environment(ONE_THREAD):
            pool = _Pool(make_worker, jobs, Path(folder))
            todo = list(range(len(jobs)))
            while todo:
                done = set()
                with closing(pool.run_until_crash(todo, self.workers)) as results:
                    for index, result in results:
                        done.add(index)
                        yield index, result
                for index in pool.take_begun():
                    if index not in done:
                        done.add(index)
                        yield index, pool.run_alone(index)
                todo = [index for index in todo if index not in done]


@dataclass(frozen=True)
class _Pool:
    """Jobs, and a folder in which a file marks each job under way."""

    make_worker: MakeWorker
    jobs: Sequence[Any]
    marks: Path

    def run_until_crash(self, indices: Sequence[int], workers: int) -> Results:
        """Yield results until all are there, or until a process dies."""
        context = multiprocessing.get_context("spawn")
        count = max(1, min(workers, len(indices)))
        begin = (self.make_worker, Path.cwd())
        with ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=begin) as pool:
            try:
                for first in range(0, len(indices), CHUNK):
                    with _interrupts_held():
                        futures = {
                            pool.submit(_do, self.jobs[index], self.marks / str(index)): index
                            for index in indices[first : first + CHUNK]
                        }
                    for future in as_completed(futures):
                        yield futures.pop(future), future.result()  # popped, so that results do not fill the memory
            except BrokenProcessPool as error:
                if not any(self.marks.iterdir()):  # it died before any job, which another try would not change
                    raise WorkerStartError("a worker process died when it started (its trace stands above)") from error
            except BaseException:
                (self.marks / _STOP).touch()
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def run_alone(self, index: int) -> Any:
        """Do one job in a process of its own."""
        results = [result for _, result in self.run_until_crash([index], 1)]
        self.take_begun()
        return results[0] if results else CRASHED

    def take_begun(self) -> list[int]:
        """Return the jobs that were under way, and forget them."""
        begun = sorted(int(mark.name) for mark in self.marks.iterdir())
        for index in begun:
            (self.marks / str(index)).unlink()
        return begun


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; processes that start meanwhile never see it, and leave it to their parent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker: list[Callable[[Any], Any]] = []  # the one of this process


def _begin(make_worker: MakeWorker, folder: Path) -> None:
    """Prepare this process, which ends when its parent does (even if that is killed), and make its worker."""
    os.chdir(folder)  # spawn goes to where multiprocessing was imported, and paths may be relative
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare_process()
    _worker[:] = [make_worker()]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _do(job: Any, mark: Path) -> Any:
    """Do a job; its mark exists while it is under way."""
    if mark.with_name(_STOP).exists():
        return None
    mark.touch()
    result = _worker[0](job)
    mark.unlink()
    return result


TWO_PROCESSES = Processes(workers=2)
"""The default launcher of the functions that run many jobs."""

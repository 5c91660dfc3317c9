"""Work spread over processes, each with one thread; a process that dies takes down one job, not the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""Environment of the workers: each is one of several, and more threads would only fight."""

CHUNK = 256
"""Jobs handed to the pool at a time, so that Ctrl-C does not have to wait for a long queue."""

_STOP = "stop"
"""Name of the mark that lets processes leave the jobs alone that they were handed and have not begun."""

CRASHED = object()
"""Stands for the result of a job whose process died."""


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Sets environment variables for the processes that start meanwhile."""
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


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back for a moment; processes that start meanwhile never see it, and leave it to their parent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


RunJobs = Callable[..., Iterator[tuple[int, Any]]]
"""Called like `run_jobs`."""


def run_jobs(
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    *,
    workers: int,
    start: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[tuple[int, Any]]:
    """Does jobs in several processes, in any order.

    A process that dies (a decoder that crashes on a damaged file, say) ends its pool. Then the jobs that were under
    way are done again, each in a process of its own, and one that kills that too gives `CRASHED`.

    Args:
        work: Does one job; a function that a spawned process can import.
        jobs: What it is called with.
        workers: Processes.
        start: Called with `arguments` in every process when it starts.
        arguments: See there.

    Yields:
        Each job's place in `jobs`, and its result.
    """
    with tempfile.TemporaryDirectory(prefix="ivg-jobs-") as folder, environment(ONE_THREAD):
        marks = Path(folder)
        todo = list(range(len(jobs)))
        while todo:
            done = set()
            for place, result in _run_until_crash(work, jobs, todo, workers, start, arguments, marks):
                done.add(place)
                yield place, result
            for place in sorted(int(mark.name) for mark in marks.iterdir()):
                (marks / str(place)).unlink()
                if place not in done:
                    done.add(place)
                    yield place, _alone(work, jobs, place, start, arguments, marks)
            todo = [place for place in todo if place not in done]


def _run_until_crash(
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    places: Sequence[int],
    workers: int,
    start: Callable[..., None] | None,
    arguments: tuple[Any, ...],
    marks: Path,
) -> Iterator[tuple[int, Any]]:
    """Yields results until all are there, or until a process dies."""
    context = multiprocessing.get_context("spawn")
    count = max(1, min(workers, len(places)))
    with ProcessPoolExecutor(count, mp_context=context, initializer=begin, initargs=(start, *arguments)) as pool:
        try:
            for first in range(0, len(places), CHUNK):
                chunk = places[first : first + CHUNK]
                with interrupts_held():
                    waiting = {pool.submit(_marked, work, jobs[place], marks / str(place)): place for place in chunk}
                for future in as_completed(waiting):
                    yield waiting.pop(future), future.result()  # popped, so that results do not pile up in memory
        except BrokenProcessPool:
            if not any(marks.iterdir()):  # it died before any job, which another try would not change
                raise
        except BaseException:
            (marks / _STOP).touch()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _alone(
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    place: int,
    start: Callable[..., None] | None,
    arguments: tuple[Any, ...],
    marks: Path,
) -> Any:
    results = [result for _, result in _run_until_crash(work, jobs, [place], 1, start, arguments, marks)]
    (marks / str(place)).unlink(missing_ok=True)
    return results[0] if results else CRASHED


def begin(start: Callable[..., None] | None, *arguments: Any) -> None:
    """Prepares a process; it ends when its parent does, even if that one is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if start is not None:
        start(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _marked(work: Callable[[Any], Any], job: Any, mark: Path) -> Any:
    """Does a job; its mark lies there as long as it is under way."""
    if mark.with_name(_STOP).exists():
        return None
    mark.touch()
    result = work(job)
    mark.unlink()
    return result

"""From a launcher's results as they end to results in order, with errors as outcomes, and kept in a log."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..errors import IvgError
from .launcher import CRASHED, Launcher, MakeWorker, Results

ALL_CRASHED = 8  # after so many crashes, and nothing else, `run_logged` stops

_Result = TypeVar("_Result")
_Failure = Callable[[Any, str], Any]


class Progress(Protocol):
    """Progress callback of a run."""

    def __call__(self, done: int, total: int, **counts: int) -> None:
        """Take note of `done` items, of earlier runs too, and of all (0 if not known); called once at the start.

        `counts` are more to show, such as attempts.
        """


OnProgress = Callable[[str, int, int], None]
"""Progress callback of a run with stages: called with the stage's name, the items done, and all of them."""


def stage_progress(on_progress: OnProgress | None, stage: str) -> Progress | None:
    """Return the progress callback of one stage of a run."""
    if on_progress is None:
        return None
    return lambda done, total, **_: on_progress(stage, done, total)


def in_order(results: Generator[tuple[int, _Result], None, None]) -> Generator[_Result, None, None]:
    """Yield results by index from 0 on; those that end early wait. Closing this closes `results`, too."""
    waiting: dict[int, _Result] = {}
    following = 0
    with closing(results):
        for index, result in results:
            waiting[index] = result
            while following in waiting:
                yield waiting.pop(following)
                following += 1


def all_results(
    launcher: Launcher, make_worker: MakeWorker, jobs: Sequence[Any], progress: Progress | None = None
) -> list[Any]:
    """Do all jobs and return their results in order; raise an `IvgError` if one crashed."""
    found: list[Any] = [None] * len(jobs)
    for count, (index, result) in enumerate(launcher.run(make_worker, jobs), 1):
        if result is CRASHED:
            raise IvgError(f"a worker process died twice of job {index} (its trace stands above)")
        found[index] = result
        if progress is not None:
            progress(count, len(jobs))
    return found


def describe_error(error: BaseException) -> str:
    """Return an error in one line: its class, its message, and the file and line that raised it."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"


def run_guarded(launcher: Launcher, make_worker: MakeWorker, jobs: Sequence[Any], failure: _Failure) -> Results:
    """Do jobs like `Launcher.run`, but an error or a crash is the job's result, so that a long run goes on.

    `failure` returns the result of a job that failed, called with the job and what happened; it is picklable.
    """
    with closing(launcher.run(partial(_guarded, make_worker, failure), jobs)) as results:
        for index, result in results:
            yield index, failure(jobs[index], "its process died") if result is CRASHED else result


def _guarded(make_worker: MakeWorker, failure: _Failure) -> Callable[[Any], Any]:
    """Make a worker whose errors are results."""
    worker = make_worker()

    def guarded(job: Any) -> Any:
        try:
            return worker(job)
        except Exception as error:
            return failure(job, describe_error(error))

    return guarded


class Log(Protocol):
    """A file of outcomes, each with a `key` and a `reason`, such as `ivg.policy.evaluation.OutcomeLog`."""

    def read(self) -> list[Any]:
        """Return what is there."""

    def add(self, outcomes: Sequence[Any]) -> None:
        """Write outcomes at the end."""


def run_logged(
    launcher: Launcher,
    make_worker: MakeWorker,
    jobs: Sequence[Any],
    log: Log,
    *,
    failure: _Failure,
    progress: Progress | None = None,
) -> list[Any]:
    """Do the jobs that are not in the log yet, and add each outcome as it comes, so that a stopped run goes on.

    The worker returns outcomes; each job has the `key` of its. A failed job's outcome is `failure`'s (see
    `run_guarded`), with the reason "crashed". The progress callback's count is `succeeded`. The outcomes of all jobs
    are returned in order.

    Raises:
        IvgError: If the first `ALL_CRASHED` jobs all crash.
    """
    known = {outcome.key: outcome for outcome in log.read()}
    todo = [job for job in jobs if job.key not in known]
    done, crashed, all_crashed = len(jobs) - len(todo), 0, True
    if progress is not None:
        progress(done, len(jobs))
    with closing(run_guarded(launcher, make_worker, todo, failure)) as outcomes:
        for _, outcome in outcomes:
            all_crashed, crashed = all_crashed and outcome.reason == "crashed", crashed + 1
            if all_crashed and crashed >= ALL_CRASHED:
                raise IvgError(f"the first {crashed} jobs all crashed; the last one: {outcome.detail}")
            known[outcome.key] = outcome
            log.add([outcome])
            done += 1
            if progress is not None:
                progress(done, len(jobs), succeeded=sum(one.success for one in known.values()))
    return [known[job.key] for job in jobs]

"""Results in order, errors as outcomes, and runs that a log lets go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ivg.errors import IvgError
from ivg.jobs import CRASHED, all_results, in_order, run_guarded, run_logged
from ivg.jobs.results import ALL_CRASHED


@dataclass
class Backwards:
    """A launcher that does jobs in this process, the last one first; a job "die" kills its process."""

    workers: int = 1
    closed: bool = False

    def run(self, make_worker: Any, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        worker = make_worker()
        try:
            for index in reversed(range(len(jobs))):
                yield index, CRASHED if getattr(jobs[index], "name", jobs[index]) == "die" else worker(jobs[index])
        finally:
            self.closed = True


def test_results_come_in_the_order_of_their_jobs() -> None:
    launcher = Backwards()
    results = in_order(launcher.run(lambda: str, [1, 2, 3]))
    assert next(results) == "1"
    results.close()  # type: ignore[attr-defined]
    assert launcher.closed
    seen: list[tuple[int, int]] = []
    assert all_results(Backwards(), lambda: str, [1, 2], lambda *counts: seen.append(counts)) == ["1", "2"]
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(IvgError, match="died twice of job 1"):
        all_results(Backwards(), lambda: str, [1, "die"])


def test_errors_and_crashes_are_results() -> None:
    failures = dict(run_guarded(Backwards(), lambda: int, ["7", "x", "die"], lambda job, detail: (job, detail)))
    assert failures[0] == 7
    job, detail = failures[1]
    assert job == "x"
    assert detail.startswith("ValueError: invalid literal")
    assert "(results.py:" in detail, "where it was raised"
    assert failures[2] == ("die", "its process died")


@dataclass(frozen=True)
class Trial:
    name: str
    reason: str = ""
    detail: str = ""

    @property
    def key(self) -> str:
        return self.name

    @property
    def success(self) -> bool:
        return not self.reason


class Log:
    def __init__(self, *outcomes: Trial) -> None:
        self.outcomes = list(outcomes)

    def read(self) -> list[Trial]:
        return self.outcomes

    def add(self, outcomes: Sequence[Trial]) -> None:
        self.outcomes = [*self.outcomes, *outcomes]


def crashed(trial: Trial, detail: str) -> Trial:
    return Trial(trial.name, "crashed", detail)


def work(trial: Trial) -> Trial:
    if trial.name.startswith("bad"):
        raise RuntimeError("out of memory")
    return trial


def run(log: Log, names: str, progress: Any = None) -> list[Trial]:
    return run_logged(
        Backwards(), lambda: work, [Trial(n) for n in names.split()], log, failure=crashed, progress=progress
    )


def test_what_the_log_holds_is_not_done_again_and_the_rest_is_added() -> None:
    log, seen = Log(Trial("b", "not_done")), []
    outcomes = run(log, "a b die", lambda done, total, **counts: seen.append((done, total, counts.get("succeeded"))))
    assert [outcome.reason for outcome in outcomes] == ["", "not_done", "crashed"]
    assert [outcome.name for outcome in log.outcomes] == ["b", "die", "a"]
    assert seen == [(1, 3, None), (2, 3, 0), (3, 3, 1)]


def test_a_run_in_which_everything_crashes_ends_early() -> None:
    log = Log()
    with pytest.raises(IvgError, match=rf"the first {ALL_CRASHED} jobs all crashed.*out of memory"):
        run(log, " ".join(f"bad{n}" for n in range(20)))
    assert len(log.outcomes) == ALL_CRASHED - 1
    many = run(Log(), " ".join([*(f"bad{n}" for n in range(20)), "good"]))
    assert sum(outcome.success for outcome in many) == 1, "one that works lets the others be tried"

"""Jobs over processes: all are done, and one that kills its process costs nothing but itself."""

import os
from functools import partial
from pathlib import Path

import pytest

from ivg.errors import InputError
from ivg.jobs import CRASHED, ONE_THREAD, Processes, WorkerStartError, environment

KILLER = "__import__('os')._exit(3)"
EVAL = partial(eval, "eval")  # makes a worker that evaluates


def test_all_jobs_are_done() -> None:
    jobs = [f"{n} * {n}" for n in range(5)]
    assert dict(Processes(2).run(EVAL, jobs)) == {n: n * n for n in range(5)}


def test_no_job_is_no_work() -> None:
    assert list(Processes(2).run(EVAL, [])) == []


def test_relative_paths_mean_the_same_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dict(Processes(1).run(EVAL, ["__import__('os').getcwd()"])) == {0: str(Path.cwd())}


def test_a_crash_costs_one_job() -> None:
    results = dict(Processes(2).run(EVAL, ["1", KILLER, "3", "4", KILLER, "6"]))
    assert results.pop(1) is CRASHED
    assert results.pop(4) is CRASHED
    assert results == {0: 1, 2: 3, 3: 4, 5: 6}


def test_a_job_whose_process_died_is_done_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    once = f"'done' if __import__('pathlib').Path({str(mark)!r}).exists() else (open({str(mark)!r}, 'w'), {KILLER})"
    assert dict(Processes(1).run(EVAL, ["1", once, "3"])) == {0: 1, 1: "done", 2: 3}


def test_an_error_of_a_worker_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Processes(1).run(EVAL, ["1 / 0"]))


@pytest.mark.parametrize("broken", ["1 / 0", KILLER])
def test_a_worker_that_cannot_be_made_ends_the_run(broken: str) -> None:
    with pytest.raises(WorkerStartError, match="died when it started"):
        list(Processes(1).run(partial(eval, broken), ["1"]))


def test_a_worker_is_made_once_a_process_and_has_one_thread() -> None:
    make = partial(eval, "[setattr(os := __import__('os'), 'IVG_MADE', getattr(os, 'IVG_MADE', 0) + 1), eval][1]")
    threads = f"[__import__('cv2').getNumThreads(), *[__import__('os').environ[name] for name in {list(ONE_THREAD)}]]"
    told = f"[__import__('os').IVG_MADE, *{threads}]"
    results = dict(Processes(1).run(make, [told] * 3))
    assert list(results.values()) == [[1, 1, "1", "1", "1", "1"]] * 3


def test_workers_leave_ctrl_c_to_the_parent() -> None:
    handler = "__import__('signal').getsignal(2) == __import__('signal').SIG_IGN"
    assert dict(Processes(1).run(EVAL, [handler])) == {0: True}


def test_jobs_that_wait_when_a_run_is_closed_are_not_begun(tmp_path: Path) -> None:
    job = f"[__import__('time').sleep(0.2), open(r'{tmp_path}/' + __import__('uuid').uuid4().hex, 'w')] and None"
    results = Processes(1).run(EVAL, [job] * 50)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert 1 <= len(list(tmp_path.iterdir())) <= 3


def test_no_workers_are_refused() -> None:
    with pytest.raises(InputError, match="workers must be positive, got 0"):
        Processes(0)


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVG_TEST_A", "before")
    with environment({"IVG_TEST_A": "1", "IVG_TEST_B": "2"}):
        assert (os.environ["IVG_TEST_A"], os.environ["IVG_TEST_B"]) == ("1", "2")
    assert os.environ["IVG_TEST_A"] == "before"
    assert "IVG_TEST_B" not in os.environ

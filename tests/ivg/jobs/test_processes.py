"""Jobs over processes: all are done, and one that kills its process costs nothing but itself."""

import os

import pytest

from ivg.jobs.processes import CRASHED, ONE_THREAD, environment, run_jobs

KILLER = "__import__('os')._exit(3)"


def test_all_jobs_are_done() -> None:
    jobs = [f"{n} * {n}" for n in range(5)]
    assert dict(run_jobs(eval, jobs, workers=2)) == {n: n * n for n in range(5)}


def test_no_job_is_no_work() -> None:
    assert list(run_jobs(eval, [], workers=2)) == []


def test_a_job_that_kills_its_process_is_told_and_the_others_are_done() -> None:
    jobs = ["1", KILLER, "3", "4", KILLER, "6"]
    results = dict(run_jobs(eval, jobs, workers=2))
    assert results.pop(1) is CRASHED
    assert results.pop(4) is CRASHED
    assert results == {0: 1, 2: 3, 3: 4, 5: 6}


def test_an_error_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_jobs(eval, ["1 / 0"], workers=1))


def test_workers_have_one_thread() -> None:
    jobs = [f"__import__('os').environ.get({name!r})" for name in ONE_THREAD]
    assert set(dict(run_jobs(eval, jobs, workers=1)).values()) == {"1"}


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVG_TEST_A", "before")
    with environment({"IVG_TEST_A": "1", "IVG_TEST_B": "2"}):
        assert (os.environ["IVG_TEST_A"], os.environ["IVG_TEST_B"]) == ("1", "2")
    assert os.environ["IVG_TEST_A"] == "before"
    assert "IVG_TEST_B" not in os.environ

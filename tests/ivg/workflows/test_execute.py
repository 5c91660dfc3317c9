"""``ivg-policy execute``: tables and reports from outcomes, going on, refusals; and once for real."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
import pytest

from ivg.cli.policy import main
from ivg.errors import IvgError
from ivg.jobs import CRASHED, Processes
from ivg.jobs.results import ALL_CRASHED
from ivg.policy.evaluation import Outcome, OutcomeLog, SuccessRate
from ivg.policy.extraction import NoHandError
from ivg.workflows.policies.execute import (
    ELSEWHERE,
    ExecuteSettings,
    ExecutionReport,
    ExecutionWorker,
    execute_demonstrations,
)
from ivg.workflows.policies.sources import EXECUTION_SOURCES
from ivg.workflows.policies.trials import Trial, run_trials

SETTINGS = ExecuteSettings(size=64)
TASKS = ["push_plate", "open_drawer"]


def trial(source: str, task: str, seed: int) -> Trial:
    return Trial(name="nano, 256 px", source=source, task=task, seed=seed)


JOBS = [trial(source, task, seed) for seed in (5, 6, 7) for task in TASKS for source in ("path", "truth")]


def made_up(job: Trial) -> Outcome:
    """The path always leads to success; a clip does with even seeds, and shows no hand with seed 7."""
    reason = "" if job.source == "path" or job.seed % 2 == 0 else "no_hand" if job.seed == 7 else "not_done"
    return job.outcome(reason, "made up", steps=10, seconds=2.0 if job.source == "path" else 4.0)


class Launcher:
    """Does the jobs here, the last one first; keeps what it was asked to do."""

    workers = 1

    def __init__(self, work: Any = made_up, stop_after: int | None = None) -> None:
        self.work, self.stop_after = work, stop_after
        self.jobs: list[Trial] = []
        self.made: list[Any] = []

    def run(self, make_worker: Any, jobs: Sequence[Trial]) -> Iterator[tuple[int, Any]]:
        self.made.append(make_worker.args[0])
        for index in reversed(range(len(jobs))):
            if len(self.jobs) == self.stop_after:
                raise KeyboardInterrupt
            self.jobs.append(jobs[index])
            yield index, self.work(jobs[index])


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a launcher in the place of the processes."""

    def put(launcher: Launcher) -> Launcher:
        monkeypatch.setattr(Processes, "run", lambda self, make_worker, jobs: launcher.run(make_worker, jobs))
        return launcher

    return put


def outcomes() -> list[Outcome]:
    return [made_up(job) for job in JOBS]


def execute_all(out: Path, launcher: Launcher) -> list[Outcome]:
    return run_trials(launcher, partial(ExecutionWorker, SETTINGS), JOBS, out, None)


def report_of(done: list[Outcome], sources: list[str]) -> dict[str, Any]:
    return ExecutionReport(done, sources, TASKS).as_json


def test_the_report_counts_by_source_and_task() -> None:
    report = report_of(outcomes(), ["path", "truth"])
    assert list(report) == ["path", "truth"]
    assert report["path"]["all"]["share"] == 1
    assert report["truth"]["all"]["share"] == pytest.approx(1 / 3)
    assert report["truth"]["mean_over_tasks"] == pytest.approx(1 / 3)
    assert set(report["truth"]["tasks"]) == set(TASKS)
    assert report["path"]["failures"] == ""
    assert sorted(report["truth"]["failures"].split(", ")) == ["2 no_hand", "2 not_done"]
    assert (report["path"]["seconds_an_attempt"], report["truth"]["seconds_an_attempt"]) == (2.0, 4.0)
    json.dumps(report)


def test_the_mean_over_tasks_gives_each_task_the_same_weight() -> None:
    many = [trial("path", "push_plate", seed).outcome("") for seed in range(9)]
    report = report_of([*many, trial("path", "open_drawer", 0).outcome("not_done")], ["path"])
    assert report["path"]["all"]["share"] == pytest.approx(0.9)
    assert report["path"]["mean_over_tasks"] == pytest.approx(0.5)


def test_the_table_has_a_row_for_each_task_and_one_for_all() -> None:
    table = ExecutionReport(outcomes(), ["path", "truth"], TASKS).table
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    assert rows[0] == ["task", EXECUTION_SOURCES["path"], EXECUTION_SOURCES["truth"]]
    assert [row[0] for row in rows[2:]] == ["`push_plate`", "`open_drawer`", "all"]
    assert all(len(row) == 3 for row in rows)
    done, third = [f"{SuccessRate(n, n)}" for n in (3, 6)], [f"{SuccessRate(n, 3 * n)}" for n in (1, 2)]
    assert [row[1:] for row in rows[2:]] == [[done[0], third[0]], [done[0], third[0]], [done[1], third[1]]]
    assert f"- {EXECUTION_SOURCES['path']}: failures: none" in table
    assert "2 no_hand" in table


def test_what_is_known_is_not_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped = Launcher(stop_after=5)
    with pytest.raises(KeyboardInterrupt):
        execute_all(out, stopped)
    assert len(OutcomeLog(out / "outcomes.jsonl").read()) == 5
    going_on = Launcher()
    assert execute_all(out, going_on) == outcomes()
    assert len(going_on.jobs) == len(JOBS) - 5
    assert not {job.key for job in going_on.jobs} & {job.key for job in stopped.jobs}
    again = Launcher()
    assert execute_all(out, again) == outcomes(), "in the order of the jobs"
    assert again.jobs == []


def test_a_process_that_dies_is_a_failure(tmp_path: Path) -> None:
    done = execute_all(tmp_path, Launcher(lambda job: CRASHED if job is JOBS[0] else made_up(job)))
    assert (done[0].reason, done[0].success, done[0].key) == ("crashed", False, JOBS[0].key)
    assert done[1:] == outcomes()[1:]


def test_it_gives_up_where_all_crashes_from_the_start(tmp_path: Path) -> None:
    launcher = Launcher(lambda job: job.outcome("crashed", "no such weights"))
    with pytest.raises(IvgError, match=f"first {ALL_CRASHED} jobs all crashed; the last one: no such weights"):
        execute_all(tmp_path, launcher)
    assert len(launcher.jobs) == ALL_CRASHED


def test_the_command_writes_table_and_report(tmp_path: Path, use: Any, capsys: pytest.CaptureFixture[str]) -> None:
    launcher = use(Launcher())
    table, report = tmp_path / "a" / "table.md", tmp_path / "report.json"
    chosen = ["--sources", "path,truth", "--tasks", ",".join(TASKS), "--episodes", "3", "--first-seed", "5"]
    files = ["--out", str(tmp_path / "out"), "--table", str(table), "--json", str(report)]
    assert main(["execute", *chosen, *files, "--size", "96", "--weights", "w", "--device", "cpu"]) == 0
    assert {job.key[1:] for job in launcher.jobs} == {job.key[1:] for job in JOBS}
    (made,) = launcher.made
    assert (made.func, made.args) == (ExecutionWorker, (ExecuteSettings("kitchen", "w", 96, "cpu"),))
    expected = ExecutionReport(outcomes(), ["path", "truth"], TASKS).table
    assert expected in capsys.readouterr().out
    assert table.read_text() == expected + "\n"
    assert json.loads(report.read_text()) == report_of(outcomes(), ["path", "truth"])


def test_other_weights_and_sizes_are_tried_anew(tmp_path: Path, use: Any) -> None:
    chosen = ["execute", "--out", str(tmp_path), "--sources", "truth", "--tasks", "push_plate", "--episodes", "2"]
    tried = []
    for options in ([], ["--size", "96"], ["--weights", "w"], [], ["--size", "96"]):
        launcher = use(Launcher())
        assert main([*chosen, *options]) == 0
        tried.append(len(launcher.jobs))
    assert tried == [2, 2, 2, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sources", "path,trooth"], r"'trooth'.*truth"),
        (["--sources", ","], "names no source; options: path, truth, generated, chosen, colour, elsewhere"),
        (["--tasks", "push_plait"], r"'push_plait'.*push_plate"),
        (["--episodes", "0"], "episodes must be positive, got 0"),
        (["--workers", "-1"], "workers must be positive, got -1"),
    ],
)
def test_bad_options_are_refused(
    tmp_path: Path, use: Any, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    launcher = use(Launcher())
    assert main(["execute", "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert said.count("\n") == 1
    assert launcher.jobs == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [[], ["--out", "x", "--episodes", "many"]])
def test_the_parser_refuses_what_it_cannot_read(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["execute", *arguments])
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_an_error_in_an_attempt_is_its_outcome(tmp_path: Path) -> None:
    def fail(job: Trial) -> Outcome:
        raise ValueError("out of paint")

    class Here(Launcher):
        def run(self, make_worker: Any, jobs: Sequence[Trial]) -> Iterator[tuple[int, Any]]:
            worker = make_worker()
            return ((index, worker(job)) for index, job in enumerate(jobs))

    (outcome,) = run_trials(Here(), lambda: fail, JOBS[:1], tmp_path, None)
    assert (outcome.reason, outcome.key) == ("crashed", JOBS[0].key)
    assert re.fullmatch(r"ValueError: out of paint \(test_execute\.py:\d+\)", outcome.detail)


def test_values_are_checked_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(IvgError, match="first_seed must not be negative, got -1"):
        execute_demonstrations(tmp_path / "out", first_seed=-1)
    assert not (tmp_path / "out").exists()


class Scene(gymnasium.Env[Any, Any]):
    """Is reset and shown; nothing is done in it."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.asked = (seed, options)
        camera = {"K": np.eye(3), "T_world_camera": np.eye(4), "width": 8, "height": 8}
        return {"proprio": np.zeros(16, np.float32)}, {"camera": camera}

    def render(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)

    def depth(self) -> Any:
        return np.ones((8, 8), np.float32)


def test_a_clip_without_a_hand_is_a_failure_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(self: ExecutionWorker, job: Trial, frame: Any, camera: Any) -> Any:
        raise NoHandError("a hand is seen in 0 of 16 frames")

    monkeypatch.setattr(ExecutionWorker, "_plan", blind)
    worker = object.__new__(ExecutionWorker)
    worker.env = scene = Scene()
    outcome = worker(trial("generated", "push_plate", 4))
    assert scene.asked == (4, {"task": "push_plate"})
    assert (outcome.reason, outcome.detail) == ("no_hand", "a hand is seen in 0 of 16 frames")
    assert outcome.key[1:] == ("generated", "push_plate", 4)


@pytest.mark.parametrize(
    ("source", "depth", "samples", "maker"),
    [
        ("truth", True, 1, "truth"),
        ("generated", True, 1, "generated"),
        ("chosen", True, 4, "generated"),
        ("colour", False, 1, "generated"),
    ],
)
def test_each_source_is_extracted_with_its_own_settings(
    monkeypatch: pytest.MonkeyPatch, source: str, depth: bool, samples: int, maker: str
) -> None:
    asked: list[dict[str, Any]] = []

    def best_of_n(demonstrate: Any, frame: Any, text: str, camera: Any, **given: Any) -> str:
        asked.append({"demonstrate": demonstrate, **given})
        return "extracted"

    monkeypatch.setattr("ivg.policy.sampling.best_of_n", best_of_n)
    monkeypatch.setattr("ivg.policy.control.plan_demonstration", lambda extracted: f"{extracted}: planned")
    worker = object.__new__(ExecutionWorker)
    worker.env, worker.lifter, worker.settings = Scene(), SimpleNamespace(), SETTINGS
    worker.source = lambda name, size: lambda job: (name, job.task, job.seed, size)
    plan: Any = worker._plan(trial(source, "push_plate", 4), np.zeros((8, 8, 3), np.uint8), SimpleNamespace())
    assert plan == "extracted: planned"
    (given,) = asked
    assert given["demonstrate"] == (maker, "push_plate", 4, 64)
    assert (given["depth"] is not None, given["samples"], given["seed"]) == (depth, samples, 4)
    assert given["lifter"] is worker.lifter


@pytest.mark.parametrize(("source", "seed"), [("path", 4), ("elsewhere", 4 + ELSEWHERE)])
@pytest.mark.parametrize("found", [True, False])
def test_true_joints_are_moved_by_the_depth(
    monkeypatch: pytest.MonkeyPatch, source: str, seed: int, found: bool
) -> None:
    planned: list[Any] = []
    moved = SimpleNamespace(joints_world_m="moved", found=found, deeper_m=0.004)
    monkeypatch.setattr(ExecutionWorker, "_true_joints", lambda self, task, seed: (task, seed))
    monkeypatch.setattr(
        "ivg.policy.retargeting.refinement.refine_contact",
        lambda joints, depth, camera: moved if joints == ("push_plate", seed) and depth.shape == (8, 8) else None,
    )
    monkeypatch.setattr("ivg.policy.control.plan_gripper", lambda *given, **options: planned.append((given, options)))
    worker = object.__new__(ExecutionWorker)
    worker.env = Scene()
    worker._plan(trial(source, "push_plate", 4), "frame", "camera")  # type: ignore[arg-type]
    assert planned == [(("moved",) if found else ("moved", "frame", "camera"), {"deeper_m": 0.004})]


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_true_paths_are_followed_for_real(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    chosen = ["--sources", "path", "--tasks", "push_plate", "--episodes", "1", "--first-seed", "0"]
    options = [*chosen, "--workers", "1", "--size", "64", "--out", str(tmp_path), "--json", str(report)]
    assert main(["execute", *options]) == 0
    figures = json.loads(report.read_text())["path"]
    assert figures["all"]["share"] == 1
    (outcome,) = OutcomeLog(tmp_path / "outcomes.jsonl").read()
    assert (outcome.success, outcome.detail, outcome.seed) == (True, "push", 0)
    assert 0 < outcome.steps <= 600

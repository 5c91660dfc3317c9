"""``ivg-dataset generate``: ordered commits, going on, refusals, reports; and once for real."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.envs.kitchen.tasks import TASKS
from ivg.errors import InputError, IvgError, StoreError
from ivg.jobs import CRASHED, Processes
from ivg.policy.attempt import Attempt
from ivg.policy.datasets import EpisodeStore, RobotEpisode, acceptance
from ivg.workflows.describe import episodes_report
from ivg.workflows.episodes import ledger
from ivg.workflows.episodes.attempts import GenerateJob, GenerateSettings
from ivg.workflows.episodes.generate import generate_episodes
from ivg.workflows.episodes.ledger import CRASHES_IN_A_ROW, read_outcomes

SETTINGS = GenerateSettings("kitchen", ("open_drawer", "push_plate", "stir_pot"), seed=50, size=16)
STAGES = {"watching": 2.0, "execution": 3.0}


def episode_of(job: GenerateJob) -> RobotEpisode:
    rng = np.random.default_rng(job.seed)
    steps = 3 + job.seed % 4
    return RobotEpisode(
        image=rng.integers(0, 256, (steps, 16, 16, 3), np.uint8),
        proprio=rng.random((steps, 16)).astype(np.float32),
        action=rng.random((steps, 7)).astype(np.float32),
        phase=np.linspace(0, 1, steps, dtype=np.float32),
        plan_phase=np.linspace(0, 1, steps, dtype=np.float32),
        demo_keypoints=np.zeros((16, 2, 21, 2), np.float32),
        demo_present=np.zeros((16, 2), np.float32),
        demo_path=rng.random((16, 8)).astype(np.float32),
        demo_plan=rng.random((32, 8)).astype(np.float32),
        demo_clip=rng.integers(0, 256, (16, 16, 16, 3), np.uint8),
        task=job.task,
        text=job.text,
        seed=job.seed,
        success=True,
        provenance={"index": job.index, "source": "generated"},
    )


def fake_attempt(job: GenerateJob) -> Attempt:
    """Of five attempts in turn three succeed; the others are refused."""
    reason = {1: "not_done", 3: "no_hand"}.get(job.index % 5)
    return Attempt(None, reason, "made up", STAGES) if reason else Attempt(episode_of(job), seconds=STAGES)


class FakeLauncher:
    """Does jobs in this process, some at a time in random order, like so many workers."""

    def __init__(self, work: Any = fake_attempt, stop_after: int | None = None, workers: int = 2) -> None:
        self.work, self.stop_after, self.workers, self.done = work, stop_after, workers, 0

    def run(self, make_worker: Any, jobs: Any) -> Any:
        rng = np.random.default_rng(self.workers)
        for first in range(0, len(jobs), self.workers):
            for index in rng.permutation(np.arange(first, min(first + self.workers, len(jobs)))):
                if self.done == self.stop_after:
                    raise KeyboardInterrupt
                self.done += 1
                yield int(index), self.work(jobs[index])


def generate(path: Path, episodes: int, *, most: int = 200, launcher: Any = None, **changes: Any) -> Any:
    settings = GenerateSettings(**{**vars(SETTINGS), **changes})
    launcher = launcher or FakeLauncher()
    return generate_episodes(path, settings, episodes=episodes, max_attempts=most, launcher=launcher)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_attempts_go_in_turn_and_only_what_succeeds_is_kept(tmp_path: Path) -> None:
    result = generate(tmp_path / "d.zarr", 6)
    assert [(o.index, o.task, o.seed) for o in result.outcomes[:4]] == [
        (0, "open_drawer", 50),
        (1, "push_plate", 51),
        (2, "stir_pot", 52),
        (3, "open_drawer", 53),
    ]
    assert [o.outcome for o in result.outcomes[:5]] == ["kept", "not_done", "kept", "no_hand", "kept"]
    with EpisodeStore(result.path) as store:
        assert [episode.provenance["index"] for episode in store] == [0, 2, 4, 5, 7, 9]
        assert [episode.seed for episode in store] == [50, 52, 54, 55, 57, 59]
    assert len(result.outcomes) == 10, "nothing after the last episode that was wanted"


def test_the_number_of_workers_and_stops_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "COMMIT_EVERY", 6)
    alone = generate(tmp_path / "alone.zarr", 9, launcher=FakeLauncher(workers=1))
    many = generate(tmp_path / "many.zarr", 9, launcher=FakeLauncher(workers=7))
    assert len(alone.outcomes) > 2 * 6
    assert contents(alone.path) == contents(many.path)
    path = tmp_path / "stopped.zarr"
    for stop_after in (2, 5):
        with pytest.raises(KeyboardInterrupt):
            generate(path, 9, launcher=FakeLauncher(stop_after=stop_after, workers=3))
    assert 0 < len(read_outcomes(path)) < len(alone.outcomes)
    generate(path, 6)
    generate(path, 9, launcher=FakeLauncher(workers=5))
    assert contents(path) == contents(alone.path)


def test_enough_is_enough(tmp_path: Path) -> None:
    generate(tmp_path / "d.zarr", 6)
    before = contents(tmp_path)
    again = generate(tmp_path / "d.zarr", 6, launcher=FakeLauncher(stop_after=0))
    assert (again.attempts, again.kept, contents(tmp_path)) == (0, 0, before)


def test_other_settings_and_foreign_datasets_are_refused(tmp_path: Path) -> None:
    from ivg.policy.datasets import write_episodes

    path = generate(tmp_path / "d.zarr", 3).path
    for changes in ({"seed": 51}, {"source": "truth", "size": 32}, {"tasks": ("stir_pot",)}):
        with pytest.raises(StoreError, match="give a new path"):
            generate(path, 4, **changes)
    foreign = write_episodes(tmp_path / "foreign.zarr", [episode_of(SETTINGS.job(0))])
    with pytest.raises(StoreError, match="something else than this command"):
        generate(foreign, 4)


def test_a_second_writer_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "d.zarr"

    def meanwhile(job: GenerateJob) -> Attempt:
        if job.index == 8:
            generate(path, 2)
        return fake_attempt(job)

    with pytest.raises(StoreError, match="another writer"):
        generate(path, 30, launcher=FakeLauncher(meanwhile))
    assert len(read_outcomes(path)) == 3, "the other one's attempts"


def test_crashes_are_counted_and_too_many_end_the_run(tmp_path: Path) -> None:
    def dying(job: GenerateJob) -> Any:
        if job.index in (0, 4):
            return CRASHED
        if job.index >= 12:
            return Attempt(None, "crashed", "RuntimeError: out of memory (env.py:7)")
        return fake_attempt(job)

    path = tmp_path / "d.zarr"
    with pytest.raises(IvgError, match=rf"{CRASHES_IN_A_ROW} attempts in a row crashed.*out of memory"):
        generate(path, 30, launcher=FakeLauncher(dying))
    outcomes = read_outcomes(path)
    assert [o.index for o in outcomes if o.outcome == "crashed"][:2] == [0, 4]
    assert outcomes[0].detail == "its process died"
    assert len(outcomes) < 12 + CRASHES_IN_A_ROW, "the last ones are tried again"
    assert generate(path, 10).outcomes[-1].outcome == "kept"


def test_nothing_kept_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    nothing = FakeLauncher(lambda job: Attempt(None, "not_done" if job.index % 3 else "no_hand"))
    with pytest.raises(InputError, match="none of 9 attempts gave an episode: 6 not_done, 3 no_hand"):
        generate(tmp_path / "d.zarr", 2, most=9, launcher=nothing)
    assert not list(tmp_path.iterdir())


def test_acceptance_by_task_with_intervals(tmp_path: Path) -> None:
    rows = acceptance(generate(tmp_path / "d.zarr", 24).outcomes)
    assert set(rows) == {"open_drawer", "push_plate", "stir_pot", "total"}
    total = rows["total"]
    assert (total["attempts"], total["kept"], total["reasons"]) == (40, 24, {"not_done": 8, "no_hand": 8})
    assert total["acceptance"] == 0.6
    np.testing.assert_allclose(total["interval"], [0.446, 0.737], atol=1e-3)  # Wilson's score interval of 24 of 40
    assert sum(row["kept"] for name, row in rows.items() if name != "total") == 24


def test_everything_in_a_job_depends_on_its_seed() -> None:
    jobs = [SETTINGS.job(index) for index in range(60)]
    assert all(job.text in TASKS[job.task].texts for job in jobs)
    assert len({job.text for job in jobs}) > 6, "texts vary"
    assert SETTINGS.job(4).text == GenerateSettings("kitchen", ("push_plate",), seed=54).job(0).text


@pytest.fixture
def fake_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command without processes."""
    monkeypatch.setattr(Processes, "run", lambda self, make_worker, jobs: FakeLauncher().run(make_worker, jobs))


@pytest.mark.usefixtures("fake_command")
def test_the_command_reports_and_the_dataset_can_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, report, grid = tmp_path / "d.zarr", tmp_path / "r.json", tmp_path / "s.png"
    base = ["generate", "--out", str(path), "--size", "16", "--tasks", "open_drawer,stir_pot"]
    assert main([*base, "--episodes", "6", "--json", str(report), "--grid", str(grid)]) == 0
    figures = json.loads(report.read_text())
    assert (figures["episodes"], figures["run"]["kept"], figures["run"]["attempts"]) == (6, 6, 10)
    assert figures["acceptance"]["total"]["reasons"] == {"not_done": 2, "no_hand": 2}
    assert figures["run"]["episodes_per_hour"] > 0
    assert figures["run"]["seconds_per_attempt"] == STAGES
    out = capsys.readouterr().out
    assert "episodes an hour" in out
    assert "2 not_done, 2 no_hand" in out
    assert main(["info", str(path), "--json", "-"]) == 0
    assert '"source": "generated"' in capsys.readouterr().out
    assert main(["grid", str(path), "--joints", "--skip", "1"]) == 0
    for picture in (grid, tmp_path / "d.zarr.png"):
        height, width, _ = cv2.imread(str(picture)).shape
        assert width > 8 * 16
        assert height > 4 * 16, "two rows a task"


@pytest.mark.usefixtures("fake_command")
def test_too_few_episodes_is_said_and_they_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.zarr"
    assert main(["generate", "--out", str(path), "--episodes", "9", "--size", "16", "--max-attempts", "10"]) == 2
    assert "holds 6 of 9 episodes after 10 attempts" in capsys.readouterr().err
    assert episodes_report(path)["episodes"] == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--episodes", "0", "--out", "x.zarr"], "episodes must be positive"),
        (["--episodes", "1", "--out", "x.zarr", "--max-attempts", "0"], "max_attempts must be positive"),
        (["--episodes", "1", "--out", "x"], "must end with .zarr or .zarr.zip"),
        (["--episodes", "1", "--out", "x.zarr", "--tasks", "stir_pott"], "did you mean 'stir_pot'"),
        (["--episodes", "1", "--out", "x.zarr", "--seed", "-1"], "seed must not be negative"),
        (["--episodes", "1", "--out", "x.zarr", "--weights", "nowhere"], "there is no folder 'nowhere'"),
    ],
)
def test_wrong_requests(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["generate", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_for_real_a_person_shows_and_the_robot_follows(tmp_path: Path) -> None:
    path = tmp_path / "d.zarr"
    command = ["generate", "--out", str(path), "--source", "truth", "--tasks", "open_drawer", "--workers", "1"]
    assert main([*command, "--episodes", "1"]) == 0
    with EpisodeStore(path) as store:
        episode = store[0]
    assert episode.success
    assert 20 < len(episode) <= 400
    assert episode.demo_present.any()
    np.testing.assert_array_equal(episode.image[0], episode.demo_clip[0], "both begin with the same picture")

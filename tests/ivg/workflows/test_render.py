"""``ivg-dataset``: rendering into a store, going on after a stop, reports, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.data.clip_store import ClipStore
from ivg.envs.kitchen.feasibility import feasible_tasks, sample_foreign_scene
from ivg.envs.kitchen.scene.scene import sample_scene
from ivg.envs.kitchen.tasks import TASKS
from ivg.errors import StoreError
from ivg.jobs import Processes
from ivg.workflows import render_clips


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    """Two clips of two tasks, the second in a scene that is laid out for another task."""
    path = tmp_path_factory.mktemp("render") / "store"
    tasks = ["wipe_counter", "turn_on_stove"]
    return render_clips(path, 2, seed_offset=40, tasks=tasks, foreign=1.0, launcher=Processes(1))


def test_clips_are_whole_and_annotated(store: ClipStore) -> None:
    assert store.indices_done.tolist() == [0, 1]
    assert store.tasks == {0: "wipe_counter", 1: "turn_on_stove"}
    for index in (0, 1):
        record = store.read(index)
        assert record.frames.shape == (16, 128, 128, 3)
        assert record.info["annotated"]
        assert record.info["seed"] == 40 + index
        assert record.info["text"] in TASKS[record.task].texts
        assert record.present.any()
        assert record.gt_keypoints is not None
        assert record.labels is not None
        assert record.appearance is not None
        assert not record.present[0].any(), "frame 0 shows no hand"


def test_a_foreign_scene_allows_its_task(store: ClipStore) -> None:
    assert store.info(0)["scene"] == ["wipe_counter", 40], "nowhere else is there anything to wipe"
    task, seed = store.info(1)["scene"]
    assert task != "turn_on_stove"
    assert "turn_on_stove" in feasible_tasks(sample_scene(task, seed))


@pytest.mark.usefixtures("in_process")
def test_only_what_is_missing_is_rendered_again(store: ClipStore) -> None:
    before = store.read(0).frames.copy()
    writable = ClipStore.open(store.path, mode="r+")
    writable.array("done")[1] = 0
    writable.array("frames")[0] = 7
    tasks, seen = ["wipe_counter", "turn_on_stove"], []
    again = render_clips(
        store.path,
        2,
        seed_offset=40,
        tasks=tasks,
        foreign=1.0,
        launcher=Processes(1),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]
    assert again.indices_done.tolist() == [0, 1]
    assert (again.read(0).frames == 7).all(), "clip 0 was there and is left alone"
    writable.array("frames")[0] = before


def test_another_request_does_not_go_into_the_same_store(store: ClipStore) -> None:
    with pytest.raises(StoreError, match="give a new folder"):
        render_clips(store.path, 2, seed_offset=41, tasks=["wipe_counter", "turn_on_stove"])


def test_info_and_grid(store: ClipStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(store.path), "--json", str(tmp_path / "info.json")]) == 0
    report = json.loads((tmp_path / "info.json").read_text())["annotation"]
    assert set(report) == {"wipe_counter", "turn_on_stove", "total"}
    assert report["total"]["hand_rate"] > 0.6
    assert report["total"]["median_joint_error"] < 0.15
    assert "joint error" in capsys.readouterr().out
    assert main(["grid", str(store.path), "--joints", "--out", str(tmp_path / "grid.png")]) == 0
    assert (tmp_path / "grid.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render", "--clips", "0", "--out", "x"], "clips must be positive"),
        (["render", "--clips", "1", "--out", "x", "--tasks", "cut_carot"], "did you mean 'cut_carrot'"),
        (["render", "--clips", "1", "--out", "x", "--foreign", "2"], "foreign must lie in [0, 1]"),
        (["render", "--clips", "1", "--out", "x", "--size", "7"], "size must be from 32 to 1024 px, got 7"),
        (
            ["generate", "--episodes", "1", "--out", "x.zarr", "--source", "truth", "--size", "7"],
            "size must be from 32 to 1024 px, got 7",
        ),
        (["info", "nowhere"], "no clip store at nowhere"),
        (["grid", "nowhere"], "no clip store at nowhere"),
        (["annotate", "nowhere.mp4", "--out", "x"], "nowhere.mp4"),
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
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_foreign_scenes_exist_for_what_stands_everywhere() -> None:
    found = {task: [sample_foreign_scene(task, seed) for seed in range(6)] for task in TASKS}
    assert all(found["turn_on_stove"])
    assert all(found["open_drawer"])
    assert not any(found["wipe_counter"])
    for task, scenes in found.items():
        assert all(task in feasible_tasks(scene) and scene.task != task for scene in scenes if scene)


def test_every_task_is_feasible_in_its_own_scenes() -> None:
    for task in TASKS:
        for seed in np.random.default_rng(0).integers(0, 10_000, 12):
            assert task in feasible_tasks(sample_scene(task, int(seed)))

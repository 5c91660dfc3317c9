"""``ivg-eval`` on made-up clips: a generator that is right, one that is not, and what the tables say of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ivg.cli.eval import main
from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.errors import InputError
from ivg.evaluation.generator import EvaluationResult
from ivg.evaluation.judging import Judge, SceneResult
from ivg.evaluation.prompts import STYLES, follow_rates, text_test
from ivg.evaluation.summary import TARGETS, lookup, summarise
from ivg.evaluation.tables import notes, targets_table, task_table
from ivg.metrics.clip_figures import TrueClip
from ivg.metrics.paper_figures import FIGURES
from ivg.types import Appearance, HandTracks, RegionOfMotion
from ivg.workflows.clips.held_out import Prompt

SIZE = 64
TASKS = ("open_drawer", "push_plate")


def made_up(index: int) -> ClipRecord:
    """A right hand (a pale square with joints on it) and a red object, both moving to the right."""
    rng = np.random.default_rng(index)
    frames = np.broadcast_to(rng.integers(90, 110, (SIZE, SIZE, 3)), (16, SIZE, SIZE, 3)).astype(np.uint8)
    labels = np.zeros((16, SIZE, SIZE), np.uint8)
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    grid = np.stack(np.meshgrid(np.linspace(0, 15, 7), np.linspace(0, 15, 3)), -1).reshape(21, 2)
    for t in range(16):
        x, y = 5 + t + index % 3, 20 + 4 * (index // 3)
        frames[t, 44:54, x + 8 : x + 20] = (200, 30, 30)
        labels[t, 44:54, x + 8 : x + 20] = 3
        if t:
            frames[t, y : y + 16, x : x + 16] = (220, 180, 150)
            labels[t, y : y + 16, x : x + 16] = 2
            keypoints[t, 1] = (grid + [x, y]) / SIZE
    joints = np.full((16, 2, 21, 3), np.nan, np.float32)
    joints[1:, 1] = np.concatenate([grid * 0.01, np.ones((21, 1))], 1)
    present = np.isfinite(keypoints).all((-1, -2))
    return ClipRecord(
        frames=frames,
        keypoints=keypoints,
        present=present,
        score=present.astype(np.float32),
        info={"task": TASKS[index % 2], "text": TASKS[index % 2].replace("_", " "), "seed": index},
        appearance=Appearance(np.array([0.8, 0.6, 0.5], np.float32)).vector,
        gt_keypoints=keypoints,
        gt_visible=present.astype(np.float32),
        labels=labels,
        joints_world_m=joints,
        K=np.array([[100.0, 0, 32], [0, 100, 32], [0, 0, 1]]),
        T_world_camera=np.eye(4),
    )


@dataclass
class Output:
    frames: NDArray[np.uint8]
    region: RegionOfMotion
    composited: NDArray[np.bool_]
    timings: dict[str, float]


class Generator:
    """Gives every clip back as it is (or without its hand), and a region moved down by some pixels."""

    def __init__(self, records: list[ClipRecord], *, shift: int = 0, hand: bool = True) -> None:
        self.records = {record.frames[0].tobytes(): record for record in records}
        self.shift, self.hand = shift, hand
        self.options: dict[str, Any] = {}  # of the last call

    def __call__(self, frame: NDArray[np.uint8], text: str, **options: Any) -> Output:
        record = self.records[frame.tobytes()]
        self.options = options
        assert options["appearance"].vector.tolist() == pytest.approx(record.appearance.tolist())  # type: ignore[union-attr]
        truth = TrueClip.of(record)
        region = options["region"] or RegionOfMotion(np.roll(truth.region, self.shift, 0)[None].repeat(16, 0))
        clip = record.frames if self.hand else np.where((truth.labels == 2)[..., None], frame, record.frames)
        return Output(clip, region, (truth.labels > 0).any(0), {"region": 0.2, "clip": 0.3})

    def reconstruct(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.clip(frames.astype(int) + 2, 0, 255).astype(np.uint8)


class Detector:
    """Knows the hands of the made-up clips, and sees whether they are there."""

    def __init__(self, records: list[ClipRecord]) -> None:
        self.records = records

    def __call__(self, frames: NDArray[np.uint8]) -> HandTracks:
        near = min(self.records, key=lambda r: float(np.abs(r.frames.astype(float) - frames).mean()))
        there = np.array([(frame[..., 0] > 210).any() for frame in frames])[:, None] & near.present
        keypoints = np.where(there[..., None, None], near.keypoints, np.nan).astype(np.float32)
        return HandTracks(keypoints, there, there.astype(np.float32))


@pytest.fixture(scope="module")
def records() -> list[ClipRecord]:
    return [made_up(index) for index in range(6)]


@pytest.fixture
def store(records: list[ClipRecord], tmp_path: Path) -> ClipStore:
    store = ClipStore.create(tmp_path / "store", count=len(records), size=SIZE, fps=8, source="made up")
    for index, record in enumerate(records):
        store.write(index, record)
    return store


def judged(store: ClipStore, records: list[ClipRecord], **flaws: Any) -> tuple[list[SceneResult], dict[str, Any]]:
    judge = Judge(Generator(records, **flaws), Detector(records), store, steps=10)
    results = [judge.scene(index) for index in range(len(store))]
    truths = [TrueClip.of(store.read(index)) for index in range(len(store))]
    return results, summarise(results, truths, np.stack([truth.region for truth in truths]))


def test_clips_are_sampled_as_is_asked_for(store: ClipStore, records: list[ClipRecord]) -> None:
    asked = {"steps": 25, "region_steps": 20, "guidance_scale": 7.5}
    generator = Generator(records)
    Judge(generator, Detector(records), store, **asked).scene(0)
    passed = {"num_inference_steps": 25, "num_region_steps": 20, "guidance_scale": 7.5}
    assert passed.items() <= generator.options.items()


def test_a_perfect_generator_gets_perfect_figures(store: ClipStore, records: list[ClipRecord]) -> None:
    _, figures = judged(store, records)
    assert figures["hands"] == {"rate": 1.0, "rate_truth": 1.0, "relative_rate": 1.0}
    assert figures["hs_err"]["generated"] == 0
    assert figures["hs_err"]["given_region"] == 0
    assert figures["hs_err"]["other_scene"] > 0
    assert figures["hs_err"]["still"] > figures["hs_err"]["other_scene"]
    assert figures["region"]["iou"] == 1.0
    assert figures["region"]["iou"] > figures["region"]["prior_mask"] > 0
    assert figures["background_db"] == figures["untouched_db"] == 100
    assert figures["area"]["touched_area"] == pytest.approx(figures["area"]["moving_area"])
    assert figures["objects"]["generated"]["place_error"] == 0
    assert figures["objects"]["still"]["place_error"] * SIZE == pytest.approx(15, abs=1)
    assert figures["objects"]["generated"]["travel"] * SIZE == pytest.approx(15)
    assert figures["skin"]["skin_difference"] == 0
    assert figures["codec"]["psnr_db"] == pytest.approx(20 * np.log10(255 / 2), abs=0.1)
    assert figures["codec"]["hands_kept"] == 1.0
    assert figures["seconds"]["clip"] == pytest.approx(0.3)


def test_flaws_show_where_they_are(store: ClipStore, records: list[ClipRecord]) -> None:
    _, figures = judged(store, records, shift=6, hand=False)
    assert figures["hands"]["relative_rate"] == 0
    assert figures["hs_err"]["generated"] == pytest.approx(figures["hs_err"]["still"])
    assert 0.3 < figures["region"]["iou"] < 0.9
    assert figures["objects"]["generated"]["place_error"] == 0
    assert np.isnan(figures["skin"]["skin_spread"])


def test_tables_and_grid(store: ClipStore, records: list[ClipRecord], tmp_path: Path) -> None:
    results, figures = judged(store, records)
    figures["text"] = {"other_tasks": 0.75, "paraphrases": 0.9, "truth": 1.0, "chance": 0.3}
    figures["text"] |= {"scenes": 3, "prompts": 8, "paraphrase_prompts": 3}
    table = targets_table(figures)
    assert table.count("\n") == len(TARGETS) + 1
    assert table.count("MISSED") == 1
    assert "75.0 %" in next(line for line in table.splitlines() if "MISSED" in line)
    assert all(task in task_table(figures, SIZE) for task in TASKS)
    assert "prompts: 8 in 3 scenes" in notes(figures, SIZE)
    truths = [TrueClip.of(record) for record in records]
    figures["paper"] = {key: {"unavailable": "not here"} for key in FIGURES}
    evaluation = EvaluationResult(figures, results, truths)
    assert [title.split(",")[0].split(":")[0] for title in evaluation.tables] == [
        "The paper's table",
        "Targets",
        "Hand structure error (Eq. 2",
        "By task",
        "Further figures",
    ]
    evaluation.save_grid(tmp_path / "grid.png")
    assert (tmp_path / "grid.png").stat().st_size > 2000


def test_a_figure_that_was_not_taken_is_neither_reached_nor_missed() -> None:
    assert {target.reached({}) for target in TARGETS} == {None}
    assert np.isnan(lookup({"a": {"b": 1}}, "a.c"))


def test_prompts_and_their_classes(tmp_path: Path) -> None:
    """Hands that follow the prompt are recognised; hands that always do the same are not."""
    store = ClipStore.create(tmp_path / "store", count=2, size=SIZE, fps=8, source="made up")
    for index, task in enumerate(("mug_to_plate", "cut_carrot")):
        record = made_up(index)
        record.info.update(task=task, scene=[task, 3 + index])
        store.write(index, record)
    test = text_test(store, scenes=2)
    assert {"mug_to_plate", "open_drawer", "turn_on_stove"} <= set(test.feasible[0])
    assert [prompt.task for prompt in test.paraphrases] == ["mug_to_plate", "cut_carrot"]

    def motion(task: str) -> NDArray[np.float32]:
        keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
        place = np.random.default_rng([*task.encode()]).uniform(0.2, 0.8, 2)
        keypoints[4:, 1] = place
        return keypoints

    references = {
        index: [(task, motion(task)[5:, 1]) for task in tasks for _ in range(STYLES)]
        for index, tasks in test.feasible.items()
    }

    def follow(obey: bool) -> dict[str, Any]:
        clips = [motion(prompt.task if obey else "turn_on_stove") for prompt in test.prompts]
        there = [np.isfinite(clip).all((-1, -2)) for clip in clips]
        tracks = [HandTracks(c, p, p.astype(np.float32)) for c, p in zip(clips, there, strict=True)]
        return follow_rates(test, tracks, references)

    obeyed, ignored = follow(True), follow(False)
    assert (obeyed["other_tasks"], obeyed["paraphrases"], obeyed["truth"]) == (1, 1, 1)
    assert ignored["other_tasks"] == pytest.approx(2 / len(test.others))
    assert ignored["paraphrases"] == 0
    assert set(ignored["confusion"]["open_drawer"]) == {"turn_on_stove"}
    assert all(isinstance(prompt, Prompt) for prompt in test.others)


@pytest.mark.parametrize(
    ("arguments", "scenes"),
    [([], 12), (["--text-scenes", "3"], 3), (["--no-text"], 0)],
    ids=["default", "some", "none"],
)
def test_prompts_are_followed_unless_left_out(
    arguments: list[str], scenes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def evaluate(prompt_scenes: int, **_: Any) -> None:
        asked.append(prompt_scenes)
        raise InputError("enough")

    monkeypatch.setattr("ivg.evaluation.evaluate_generator", evaluate)
    assert main(arguments) == 2
    assert asked == [scenes]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenes", "0"], "scenes must be positive"),
        (["--weights", "nanu"], "no weights 'nanu'"),
        (["--guidance-scale", "0.5"], "guidance_scale must be a number of at least 1 (1 is none), got 0.5"),
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
    assert not list(tmp_path.iterdir())

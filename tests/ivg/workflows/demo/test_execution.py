"""Execution by the robot: shown, reported, and refused where it cannot be done."""

import json
from pathlib import Path

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.io.video import read_video
from ivg.policy import Demonstration, extract
from ivg.policy.control import Execution
from ivg.policy.retargeting.refinement.grasp_search import WORST
from ivg.types import HandTracks
from ivg.viz.execution_video import LAST_S, PANEL, draw_execution
from ivg.viz.overview import draw_overview
from ivg.workflows.demo import EXECUTION, FILES, ContextFrame, DemoResult, RobotRun, RobotScene, make_demonstration
from ivg.workflows.demo.execution import HORIZON
from ivg.workflows.demo.result import overview_texts

from .stand_ins import generator, no_hand, put_bench

LIGHTS = np.linspace(20, 250, 16).astype(np.uint8)


def demonstration(present=True, size=(48, 64)):
    """A clip whose frames differ in brightness only."""
    clip = np.broadcast_to(LIGHTS[:, None, None, None], (16, *size, 3)).copy()
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    if present:
        keypoints[1:, 1] = np.linspace((0.2, 0.2), (0.6, 0.5), 21)
    found = np.isfinite(keypoints).all((-1, -2))
    origin = {
        "prompt": "cut carrot",
        "text": "cut carrot",
        "seed": 3,
        "weights": {"name": "tiny", "sha256": "0" * 64},
        "appearance": {"side": "right", "hand_scale": 1.0},
        "timings_s": {"generation": 1.0},
    }
    return Demonstration(clip, np.zeros(size, bool), keypoints, found, fps=8, provenance=origin)


def run(success=True, reason="", steps=40, size=(48, 64)):
    images = np.full((steps + 1, *size, 3), 90, np.uint8)
    phase = np.linspace(0, 1, steps + 1).astype(np.float32)
    return RobotRun(success, reason, images, phase, 20.0, {"manner": "grasp", "hand": "right"})


def refused_run():
    return RobotRun(False, "a hand is seen in 2 of 16 frames", np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0), 20.0)


def result(execution):
    context = ContextFrame(np.zeros((48, 64, 3), np.uint8), "kitchen, scene 3", {}, "cut_carrot", scorable=True)
    return DemoResult(demonstration(), context, {"execution": 2.0}, execution=execution, folder=Path("out"))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (run(), "the robot did it in 2.0 s"),
        (run(False, "time was up"), "the robot did not succeed: time was up"),
        (run(None, "not scored"), "the robot followed the hand for 2.0 s: not scored"),
        (refused_run(), "the robot did not succeed: a hand is seen in 2 of 16 frames"),
    ],
)
def test_the_outcome_in_words(outcome, words):
    assert outcome.words == words
    assert words in result(outcome).summary()
    facts = result(outcome).report["execution"]
    assert facts["success"] is outcome.success
    assert facts["steps"] == outcome.steps
    json.dumps(facts)


def test_without_execution_nothing_is_said_of_a_robot():
    made = result(None)
    assert "execution" not in made.report
    assert "robot" not in made.summary()
    assert "robot" not in " ".join(overview_texts(made.report)[2])


def test_the_video_is_named_only_where_there_is_one():
    named = [Path("out") / EXECUTION in result(execution).files for execution in (None, refused_run(), run())]
    assert named == [False, False, True]


def test_the_hand_is_held_on_the_frame_of_the_phase():
    film = draw_execution(demonstration(), run(), "cut carrot")
    assert len(film) == 41 + round(LAST_S * 20)
    middle = film[:, 92 + PANEL * 48 // 64 // 2]
    hand, robot = middle[:, 20 + PANEL // 2], middle[:, 40 + PANEL + PANEL // 2]
    expected = LIGHTS[np.round(run().phase * 15).astype(int)]
    np.testing.assert_array_equal(hand[:41, 0], expected)
    assert (hand[41:, 0] == LIGHTS[-1]).all()
    assert (robot == 90).all()


def test_the_end_of_the_video_says_how_it_went():
    ends = [draw_execution(demonstration(), outcome, "x")[-1, -64:] for outcome in (run(), run(False, "why"))]
    redder = [foot[..., 0].astype(int) - foot[..., 1] for foot in ends]
    assert redder[0].min() < -50  # green words
    assert redder[1].max() > 100  # red words


@pytest.mark.parametrize("size", [(47, 64), (96, 53), (400, 400)])
def test_the_video_has_even_sides(size):
    film = draw_execution(demonstration(size=size), run(size=size, steps=2), "x")
    assert film.shape[1] % 2 == film.shape[2] % 2 == 0


def test_the_overview_gets_a_row_of_the_robot():
    plain = draw_overview(demonstration(), "a", "b", ["c"])
    moved = draw_overview(demonstration(), "a", "b", ["c"], run())
    assert moved.shape[0] > plain.shape[0]
    assert (moved == 90).all(-1).sum() > 8 * 100 * 100
    np.testing.assert_array_equal(draw_overview(demonstration(), "a", "b", ["c"], refused_run()), plain)


def context(task="cut_carrot", light=50):
    origin = {"env": "ivg/Bench-v0", "camera_size": 64, "scene_seed": 3}
    return ContextFrame(np.full((64, 64, 3), light, np.uint8), "bench", origin, task, scorable=True)


def followed(*, task="cut_carrot"):
    with RobotScene(context(task), "cut carrot", "bench") as scene:
        return scene.follow(extract(demonstration(size=(64, 64)), scene.camera, scene.lifter, depth=scene.depth))


def test_the_robot_follows_until_the_task_is_done(monkeypatch):
    made = put_bench(monkeypatch, done_after=5)
    outcome = followed()
    assert outcome.success is True
    assert outcome.steps == made[0].steps == 5
    assert outcome.images.shape == (6, 64, 64, 3)
    assert len(outcome.phase) == 6
    assert outcome.facts["hand"] == "right"
    assert outcome.facts["manner"] in ("grasp", "drag", "push")
    assert outcome.facts["contact"]["cost"] == WORST  # there is nothing to touch
    assert made[0].closed


def test_a_robot_that_fails_is_an_outcome(monkeypatch):
    put_bench(monkeypatch, done_after=None)
    outcome = followed()
    assert outcome.success is False
    assert outcome.reason
    assert 0 < outcome.steps <= HORIZON


def test_the_reason_tells_an_end_from_time_that_is_up(monkeypatch):
    put_bench(monkeypatch)
    with RobotScene(context(), "cut carrot", "bench") as scene:
        long, short = (
            Execution(False, {}, np.zeros((n, 7), np.float32), *np.zeros((2, n), np.float32), {}) for n in (HORIZON, 7)
        )
        assert "time was up after 30 s" in scene._reason(long)
        assert "to the end" in scene._reason(short)


def test_a_text_that_is_not_scored_is_not_judged(monkeypatch):
    put_bench(monkeypatch, done_after=None)
    assert followed(task=None).success is None


def test_an_unknown_camera_is_refused(monkeypatch):
    made = put_bench(monkeypatch, camera_at=(0.0, 0.0, 1.0))
    with pytest.raises(InputError, match=r"cannot follow a hand in 'bench'.*1\.00 m away"):
        RobotScene(context(), "cut carrot", "bench")
    assert made[0].closed


def test_another_scene_is_refused(monkeypatch):
    made = put_bench(monkeypatch)
    with pytest.raises(InputError, match="the same scene twice"):
        RobotScene(context(light=200), "cut carrot", "bench")
    assert made[0].closed


def execute(out, detector=None, **options):
    made = generator(detector) if detector else generator()
    return make_demonstration("cut carrot", camera_size=64, out=out, generator=made, **{"execute": True, **options})


def test_video_and_outcome_are_written(monkeypatch, tmp_path):
    put_bench(monkeypatch, done_after=6)
    made = execute(tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["execution"]["success"], report["execution"]["steps"]) == (True, 6)
    assert {"robot", "execution"} <= set(report["times_s"])
    assert Demonstration.load(tmp_path / "out" / "demo.zarr").provenance["execution"] == report["execution"]
    video = read_video(tmp_path / "out" / EXECUTION)
    assert video.fps == pytest.approx(20)
    assert len(video.frames) == 7 + round(LAST_S * 20)
    assert "the robot did it in 0.3 s" in made.summary()


def test_a_clip_without_hands_is_written_all_the_same(monkeypatch, tmp_path):
    benches = put_bench(monkeypatch)
    made = execute(tmp_path / "out", no_hand)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES.values())
    facts = json.loads((tmp_path / "out" / "report.json").read_text())["execution"]
    assert (facts["success"], facts["steps"], facts["hand"]) == (False, 0, None)
    assert "the robot did not succeed: no path" in made.summary()
    assert [bench.steps for bench in benches] == [0, 0]


def test_a_result_with_a_robot_can_be_overwritten_by_one_without(monkeypatch, tmp_path):
    put_bench(monkeypatch)
    execute(tmp_path / "out")
    execute(tmp_path / "out", execute=False, overwrite=True)
    assert not (tmp_path / "out" / EXECUTION).exists()
    assert "execution" not in json.loads((tmp_path / "out" / "report.json").read_text())


@pytest.mark.slow
def test_the_kitchen_executes(tmp_path):
    def clip_hand(frames):
        made = demonstration(size=frames.shape[1:3])
        return HandTracks(made.keypoints, made.present, made.present.astype(np.float32))

    saved = execute(tmp_path / "out", clip_hand, seed=3).demonstration.provenance["execution"]
    assert saved["steps"] > 0
    assert (tmp_path / "out" / EXECUTION).exists()


@pytest.mark.slow
def test_another_simulator_is_refused_before_anything_is_generated(tmp_path):
    made = generator()
    with pytest.raises(InputError, match="cannot follow a hand in 'robosuite/Lift'"):
        make_demonstration(
            "lift the cube",
            env="robosuite/Lift",
            camera_size=64,
            execute=True,
            generator=made,
            out=tmp_path / "out",
        )
    assert not made.pipeline.calls
    assert not list(tmp_path.iterdir())

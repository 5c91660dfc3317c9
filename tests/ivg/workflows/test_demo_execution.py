"""`ivg-demo --execute`: what the robot did is shown and told, and what cannot be executed is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ivg.cli.demo import main
from ivg.errors import InputError
from ivg.io.video import read_video
from ivg.policy import Demonstration
from ivg.policy.control import Execution
from ivg.policy.retargeting.refinement.grasp_search import WORST
from ivg.viz.execution_video import LAST_S, PANEL, draw_execution
from ivg.viz.overview import draw_overview
from ivg.workflows.context import ContextFrame
from ivg.workflows.demo_execution import HORIZON, RobotRun, RobotScene
from ivg.workflows.demo_report import EXECUTION, make_report, summary, words_of

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


def report(execution):
    context = ContextFrame(np.zeros((48, 64, 3), np.uint8), "kitchen, scene 3", {}, "cut_carrot", scorable=True)
    made = make_report(demonstration(), context, {"execution": 2.0} if execution else {}, execution)
    return made | {"folder": "out"}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (run(), "the robot did it in 2.0 s"),
        (run(False, "time was up"), "the robot did not succeed: time was up"),
        (run(None, "not scored"), "the robot followed the hand for 2.0 s: not scored"),
        (refused_run(), "the robot did not succeed: a hand is seen in 2 of 16 frames"),
    ],
)
def test_the_outcome_in_words(result, words):
    assert result.words == words
    assert words in summary(report(result))
    facts = report(result)["execution"]
    assert facts["success"] is result.success
    assert facts["steps"] == result.steps
    json.dumps(facts)


def test_without_execution_nothing_is_said_of_a_robot():
    made = report(None)
    assert "execution" not in made
    assert "robot" not in summary(made)
    assert EXECUTION not in summary(made)
    assert "robot" not in " ".join(words_of(made)[2])


def test_the_video_is_named_only_where_there_is_one():
    assert EXECUTION in summary(report(run()))
    assert EXECUTION not in summary(report(refused_run()))


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
    ends = [draw_execution(demonstration(), result, "x")[-1, -64:] for result in (run(), run(False, "why"))]
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


def test_a_picture_cannot_be_executed(tmp_path, capsys):
    Image.new("RGB", (96, 96)).save(tmp_path / "a.png")
    code = main(["--image", str(tmp_path / "a.png"), "--task", "x", "--execute", "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert code == 2
    assert "--execute needs an environment" in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


class Bench:
    """An environment that is done after a number of steps."""

    metadata = {"render_fps": 20}

    def __init__(self, done_after=5, camera_at=(0.0, 0.0, 0.0)):
        self.done_after, self.steps, self.closed = done_after, 0, False
        self.camera_at = camera_at
        self.unwrapped = self

    def observation(self):
        proprio = np.zeros(16, np.float32)
        proprio[2:4] = 0.3, 1.0
        return {"image": np.full((64, 64, 3), 50, np.uint8), "proprio": proprio}

    def reset(self, *, seed=None, options=None):
        from ivg.policy.hands3d.lifting import HandLifter

        level = HandLifter.from_pretrained("kitchen").level
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = level.rotation, level.position_m + self.camera_at
        K = np.array([[64.0, 0, 32], [0, 64, 32], [0, 0, 1]])
        return self.observation(), {
            "task": "cut_carrot",
            "camera": {"K": K, "T_world_camera": pose, "width": 64, "height": 64},
        }

    def step(self, action):
        self.steps += 1
        done = self.done_after is not None and self.steps >= self.done_after
        return self.observation(), 0.0, done, self.steps >= HORIZON, {"is_success": done}

    def depth(self):
        return np.full((64, 64), 3.0, np.float32)  # a wall far behind all hands

    def close(self):
        self.closed = True


@pytest.fixture
def bench(monkeypatch):
    """Puts an environment in the place of the one that is made."""

    def put(**settings):
        env = Bench(**settings)
        monkeypatch.setattr("ivg.workflows.demo_execution.gymnasium.make", lambda *_, **__: env)
        return env

    return put


def context(task="cut_carrot", light=50):
    origin = {"env": "ivg/Bench-v0", "camera_size": 64, "scene_seed": 3}
    return ContextFrame(np.full((64, 64, 3), light, np.uint8), "bench", origin, task, scorable=True)


def test_the_robot_follows_until_the_task_is_done(bench):
    env = bench(done_after=5)
    with RobotScene(context(), "cut carrot", "bench") as scene:
        result = scene.follow(demonstration(size=(64, 64)))
    assert result.success is True
    assert result.steps == env.steps == 5
    assert result.images.shape == (6, 64, 64, 3)
    assert len(result.phase) == 6
    assert result.facts["hand"] == "right"
    assert result.facts["manner"] in ("grasp", "drag", "push")
    assert result.facts["contact"]["cost"] == WORST  # there is nothing to touch
    assert env.closed


def test_a_robot_that_fails_is_an_outcome(bench):
    bench(done_after=None)
    with RobotScene(context(), "cut carrot", "bench") as scene:
        result = scene.follow(demonstration(size=(64, 64)))
    assert result.success is False
    assert result.reason
    assert 0 < result.steps <= HORIZON


def test_the_reason_tells_an_end_from_time_that_is_up(bench):
    bench()
    with RobotScene(context(), "cut carrot", "bench") as scene:
        long, short = (
            Execution(False, {}, np.zeros((n, 7), np.float32), *np.zeros((2, n), np.float32), {}) for n in (HORIZON, 7)
        )
        assert "time was up after 30 s" in scene._reason(long)
        assert "to the end" in scene._reason(short)


def test_a_clip_without_hands_is_an_outcome(bench):
    env = bench()
    with RobotScene(context(), "cut carrot", "bench") as scene:
        result = scene.follow(demonstration(present=False, size=(64, 64)))
    assert result.success is False
    assert not result.moved
    assert "seen in 0 of 16 frames" in result.words
    assert env.steps == 0


def test_a_text_that_is_not_scored_is_not_judged(bench):
    bench(done_after=None)
    with RobotScene(context(task=None), "juggle", "bench") as scene:
        assert scene.follow(demonstration(size=(64, 64))).success is None


def test_an_unknown_camera_is_refused(bench):
    env = bench(camera_at=(0.0, 0.0, 1.0))
    with pytest.raises(InputError, match=r"--execute cannot be used with --env bench.*1\.00 m away"):
        RobotScene(context(), "cut carrot", "bench")
    assert env.closed


def test_another_scene_is_refused(bench):
    env = bench()
    with pytest.raises(InputError, match="does not lay out the same scene"):
        RobotScene(context(light=200), "cut carrot", "bench")
    assert env.closed


class StandIn:
    """A generator of the clip above, in the scene it is called with."""

    def __init__(self, weights, device, rewriter):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __call__(self, frame, text, **_):
        made = demonstration(size=frame.shape[:2])
        made.clip[0] = frame
        return made


class NoHands(StandIn):
    """The same without a hand."""

    def __call__(self, frame, text, **_):
        return demonstration(present=False, size=frame.shape[:2])


def command(out, generator):
    return main(["--task", "cut carrot", "--camera-size", "64", "--execute", "--out", str(out)], generator)


def test_the_command_writes_and_tells_what_the_robot_did(bench, tmp_path, capsys):
    bench(done_after=6)
    assert command(tmp_path / "out", StandIn) == 0
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (told["execution"]["success"], told["execution"]["steps"]) == (True, 6)
    assert {"robot", "execution"} <= set(told["times_s"])
    assert Demonstration.load(tmp_path / "out" / "demo.zarr").provenance["execution"] == told["execution"]
    film = read_video(tmp_path / "out" / EXECUTION)
    assert film.fps == pytest.approx(20)
    assert len(film.frames) == 7 + round(LAST_S * 20)
    assert "the robot did it in 0.3 s" in capsys.readouterr().out


def test_a_clip_without_hands_is_written_all_the_same(bench, tmp_path, capsys):
    bench()
    assert command(tmp_path / "out", NoHands) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "clip.mp4",
        "demo.zarr",
        "overview.png",
        "report.json",
    ]
    told = json.loads((tmp_path / "out" / "report.json").read_text())["execution"]
    assert (told["success"], told["steps"], told["hand"]) == (False, 0, None)
    assert "the robot did not succeed: no path" in capsys.readouterr().out


def test_a_result_with_a_robot_can_be_overwritten_by_one_without(bench, tmp_path):
    bench()
    assert command(tmp_path / "out", StandIn) == 0
    options = ["--task", "cut carrot", "--camera-size", "64", "--out", str(tmp_path / "out"), "--overwrite"]
    assert main(options, StandIn) == 0
    assert not (tmp_path / "out" / EXECUTION).exists()
    assert "execution" not in json.loads((tmp_path / "out" / "report.json").read_text())


@pytest.mark.slow
def test_the_kitchen_executes(tmp_path):
    out = tmp_path / "out"
    options = ["--task", "cut carrot", "--seed", "3", "--camera-size", "64", "--execute", "--out", str(out)]
    assert main(options, StandIn) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "clip.mp4",
        "demo.zarr",
        EXECUTION,
        "overview.png",
        "report.json",
    ]
    told = json.loads((out / "report.json").read_text())
    saved = Demonstration.load(out / "demo.zarr").provenance["execution"]
    assert told["execution"] == saved
    assert saved["steps"] > 0


@pytest.mark.slow
def test_another_simulator_is_refused_before_anything_is_generated(tmp_path, capsys):
    options = ["--env", "robosuite/Lift", "--task", "lift the cube", "--camera-size", "64", "--execute"]
    load = SimpleNamespace(called=False)
    assert main([*options, "--out", str(tmp_path / "out")], lambda *_, **__: setattr(load, "called", True)) == 2
    said = capsys.readouterr().err
    assert "--execute cannot be used with --env robosuite/Lift" in said
    assert said.count("\n") == 1
    assert not load.called
    assert not list(tmp_path.iterdir())

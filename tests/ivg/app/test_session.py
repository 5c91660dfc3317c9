"""The work behind `ivg-app`'s page, without the page: what is shown when, stopping, waiting, faults."""

import threading
import time
from itertools import pairwise
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
import torch
from PIL import Image

from ivg.app.run import NO_ROBOT, STRANGE_PICTURE
from ivg.app.session import FAULT, AppSession, plain
from ivg.policy import DemoGenerator
from ivg.policy.sampling import SAMPLES
from ivg.types import HandTracks, RegionOfMotion

SIZE = 64


class StandIn:
    """Called like the telling pipeline; a light square walks over the frame, alike for a seed and its steps."""

    device = torch.device("cpu")
    components: dict = {}
    tell = None

    def __init__(self, before_step=lambda: None):
        self.before_step, self.calls = before_step, []

    def __call__(self, frame, text, *, seed=0, appearance=None, num_inference_steps=10, progress_callback=None):
        self.calls.append(SimpleNamespace(text=text, seed=seed, side=appearance.side, thread=threading.get_ident()))
        clip = np.repeat(frame[None], 16, axis=0)
        masks = np.zeros(clip.shape[:3], bool)
        for t in range(1, 16):
            masks[t, 10:30, 2 * t : 2 * t + 20] = True
        clip[masks] = 100 + (seed + num_inference_steps) % 100
        if self.tell:
            self.tell("region", masks.any(0))
        for step in range(num_inference_steps):
            self.before_step()
            progress_callback("clip", step + 1, num_inference_steps)
        if self.tell:
            self.tell("clip", clip)
        times = dict.fromkeys(("prepare", "text", "region", "clip", "decode", "total"), 0.1)
        return SimpleNamespace(
            frames=clip, region=RegionOfMotion(masks), appearance=appearance, timings=times, fps=8, latents=None
        )


def a_hand(frames):
    keypoints = np.full((len(frames), 2, 21, 2), np.nan, np.float32)
    keypoints[1:, 1] = np.linspace((0.2, 0.2), (0.6, 0.5), 21)
    present = np.isfinite(keypoints).all((-1, -2))
    return HandTracks(keypoints, present, present.astype(np.float32))


def no_hand(frames):
    present = np.zeros((len(frames), 2), bool)
    return HandTracks(np.full((len(frames), 2, 21, 2), np.nan, np.float32), present, present.astype(np.float32))


class Bench(gymnasium.Env):
    """In the kitchen's place: an environment that is done after some steps, or never."""

    metadata = {"render_fps": 20}

    def __init__(self, done_after, before_step):
        self.done_after, self.before_step, self.steps = done_after, before_step, 0

    def observation(self):
        proprio = np.zeros(16, np.float32)
        proprio[2:4] = 0.3, 1.0
        return {"image": np.full((SIZE, SIZE, 3), 50, np.uint8), "proprio": proprio}

    def reset(self, *, seed=None, options=None):
        from ivg.policy.hands3d.lifting import HandLifter

        level = HandLifter.from_pretrained("kitchen").level
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = level.rotation, level.position_m
        K = np.array([[SIZE, 0, SIZE / 2], [0, SIZE, SIZE / 2], [0, 0, 1]], float)
        camera = {"K": K, "T_world_camera": pose, "width": SIZE, "height": SIZE}
        return self.observation(), {"task": "cut_carrot", "camera": camera}

    def step(self, action):
        self.before_step()
        self.steps += 1
        done = self.done_after is not None and self.steps >= self.done_after
        return self.observation(), 0.0, done, self.steps >= 200, {"is_success": done}

    def depth(self):
        return np.full((SIZE, SIZE), 3.0, np.float32)  # a wall far behind all hands

    def close(self):
        pass


@pytest.fixture
def bench(monkeypatch):
    def put(done_after=15, before_step=lambda: None):
        monkeypatch.setattr(gymnasium, "make", lambda *_, **__: Bench(done_after, before_step))

    return put


@pytest.fixture
def session():
    """Makes sessions that are closed at the end; `pipeline` is what they generate with."""
    made = []

    def make(detector=a_hand, before_step=lambda: None, weights="nano"):
        pipeline = StandIn(before_step)
        made.append(AppSession(lambda: DemoGenerator(pipeline, detector=detector, weights=weights)))
        made[-1].pipeline = pipeline
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(60, 200, (6, 8, 3), np.uint8)
    Image.fromarray(pixels).resize((96, 72), Image.Resampling.BICUBIC).save(tmp_path / "photo.png")
    return {"source": "picture", "picture": str(tmp_path / "photo.png"), "name": "photo.png"}


def fields(**changed):
    plain_fields = {"source": "kitchen", "text": "cut the carrot", "seed": 3, "picture": None, "steps": 3, "samples": 1}
    return {**plain_fields, "robot": True, "side": "drawn", "skin": "drawn", **changed}


def test_a_run_in_the_kitchen_comes_to_its_end(session, bench):
    bench(done_after=15)
    last = list(session().run("me", fields()))[-1]
    assert last.ended
    assert not last.message
    assert {key: stage.phase for key, stage in last.stages.items()} == dict.fromkeys(last.stages, "done")
    assert list(last.stages) == ["scene", "region", "clip", "hands", "path", "robot"]
    assert all(stage.seconds > 0 for stage in last.stages.values())
    assert last.run.success is True
    assert last.run.steps == 15
    assert last.extracted.hand == "right"


def test_everything_is_shown_as_soon_as_it_is_there_and_stays(session, bench):
    bench(before_step=lambda: time.sleep(0.005))
    names = ("context", "region", "clip", "extracted", "run")
    views = session(before_step=lambda: time.sleep(0.05)).run("me", fields())
    seen = [[getattr(view, name) is not None for name in names] for view in views]
    assert [True, True, False, False, False] in seen  # the region before the clip
    assert all(not before or after for old, new in pairwise(seen) for before, after in zip(old, new, strict=True))
    assert all(a >= b for row in seen for a, b in pairwise(row))  # in this order
    assert seen[-1] == [True] * 5


def test_steps_are_counted(session, photo):
    told = set()
    for view in session(before_step=lambda: time.sleep(0.05)).run("me", fields(**photo, steps=4)):
        told.add((view.stages["clip"].done, view.stages["clip"].total))
    assert {(2, 4), (3, 4)} <= told


def test_the_clip_is_that_of_the_generator(session, bench):
    bench()
    one = session()
    last = list(one.run("me", fields(seed=7, steps=2)))[-1]
    generator = DemoGenerator(StandIn(), detector=a_hand)
    same = generator(last.context.frame, "cut the carrot", seed=7, steps=2)
    np.testing.assert_array_equal(last.demonstration.clip, same.clip)
    assert last.demonstration.provenance["appearance"] == same.provenance["appearance"]
    assert one.pipeline.tell is None


def test_a_picture_has_neither_path_nor_robot_and_its_limits_are_told(session, photo):
    last = list(session().run("me", fields(**photo)))[-1]
    assert list(last.stages) == ["scene", "region", "clip", "hands"]
    assert last.demonstration.clip.shape == (16, 72, 96, 3)
    assert last.extracted is None
    assert last.run is None
    assert last.notices == (STRANGE_PICTURE, NO_ROBOT)
    own = list(session(weights="mine").run("me", fields(**photo)))[-1]
    assert own.notices == (NO_ROBOT,)


def test_without_the_robot_the_run_ends_with_the_path(session, bench):
    bench()
    last = list(session().run("me", fields(robot=False)))[-1]
    assert list(last.stages)[-1] == "path"
    assert last.extracted is not None
    assert last.run is None


def test_a_clip_without_a_hand_is_an_outcome(session, bench):
    bench()
    last = list(session(no_hand).run("me", fields()))[-1]
    assert "seen in 0 of 16 frames" in last.no_path
    assert last.clip is not None
    assert last.run is None
    assert not last.message


def test_of_several_clips_none_of_good_contact_all_are_made_and_the_best_is_shown(session, bench):
    bench()
    one = session()
    last = list(one.run("me", fields(samples=SAMPLES, steps=1)))[-1]
    assert last.sample == last.samples == len(one.pipeline.calls) == SAMPLES
    assert len({call.seed for call in one.pipeline.calls}) == SAMPLES
    assert {call.side for call in one.pipeline.calls} == {"left", "right"}
    np.testing.assert_array_equal(last.clip, last.extracted.demonstration.clip)  # all cost the same: the first is best
    assert last.extracted.demonstration.provenance["seed"] == 3
    assert last.demonstration is last.extracted.demonstration


def test_a_chosen_hand_acts_in_every_clip(session, bench):
    bench()
    one = session()
    list(one.run("me", fields(samples=3, steps=1, side="left")))
    assert [call.side for call in one.pipeline.calls] == ["left"] * 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"text": " "}, "must say what to do"), ({"seed": -3}, "whole number"), ({"source": "picture"}, "no picture yet")],
)
def test_a_wrong_request_gives_one_view_that_says_why(session, changed, words):
    one = session()
    (view,) = one.run("me", fields(**changed))
    assert view.ended
    assert words in view.message
    assert not one.pipeline.calls


def test_a_file_that_is_no_picture_is_refused_by_its_name(session, tmp_path):
    (tmp_path / "x.png").write_text("no picture")
    (view,) = session().run("me", fields(source="picture", picture=str(tmp_path / "x.png"), name="mine.png"))
    assert "'mine.png' is no picture" in view.message
    assert str(tmp_path) not in view.message


def test_a_run_is_stopped_within_a_step(session, photo):
    going, go_on = threading.Event(), threading.Event()

    def step():
        going.set()
        go_on.wait(10)

    one = session(before_step=step)
    views = one.run("me", fields(**photo, steps=50))
    next(views)
    assert going.wait(10)
    assert one.is_running("me")
    shown = one.stop("me")
    assert not one.is_running("me")
    assert shown.stopped
    assert shown.stages["clip"].phase == "stopped"
    assert shown.region is not None
    go_on.set()
    last = list(views)[-1]
    assert last.stopped
    assert last.ended
    assert last.clip is None
    assert one.stop("me") is None  # nothing runs any more


def test_the_robot_is_stopped_too(session, bench):
    moving, go_on = threading.Event(), threading.Event()

    def step():
        moving.set()
        go_on.wait(10)

    bench(done_after=None, before_step=step)
    one = session()
    views = one.run("me", fields())
    next(views)
    assert moving.wait(30)
    one.stop("me")
    go_on.set()
    last = list(views)[-1]
    assert last.stopped
    assert last.run is None
    assert last.stages["robot"].phase == "stopped"
    assert last.stages["path"].phase == "done"


def test_who_closes_the_page_stops_the_run(session, photo):
    going = threading.Event()

    def step():
        going.set()
        time.sleep(0.02)

    one = session(before_step=step)
    views = one.run("gone", fields(**photo, steps=50))
    next(views)
    assert going.wait(10)
    views.close()
    assert list(one.run("next", fields(**photo, steps=1)))[-1].clip is not None
    one.forget("gone")
    assert one.others_running("nobody") == 0


def test_runs_wait_for_one_another_and_share_one_thread(session, photo):
    going, go_on = threading.Event(), threading.Event()

    def step():
        going.set()
        go_on.wait(10)

    one = session(before_step=step)
    ends = []
    runs = [one.run(name, fields(**photo, seed=seed, steps=1)) for seed, name in enumerate(("first", "second"))]
    next(runs[0])
    assert going.wait(10)
    second = threading.Thread(target=lambda: ends.append(list(runs[1])[-1]))
    second.start()
    while one.others_running("first") < 1:
        time.sleep(0.01)
    assert one.others_running("second") == 1
    assert [call.seed for call in one.pipeline.calls] == [0]  # the second has not begun
    go_on.set()
    first = list(runs[0])[-1]
    second.join(20)
    assert [call.seed for call in one.pipeline.calls] == [0, 1]
    assert len({call.thread for call in one.pipeline.calls}) == 1
    assert first.clip is not None
    assert ends[0].clip is not None
    assert one.others_running("anyone") == 0


def test_a_second_run_of_a_visitor_stops_the_first(session, photo):
    going = threading.Event()

    def step():
        going.set()
        time.sleep(0.02)

    one = session(before_step=step)
    first = one.run("me", fields(**photo, steps=50))
    next(first)
    assert going.wait(10)
    assert list(one.run("me", fields(**photo, steps=1)))[-1].clip is not None
    assert list(first)[-1].stopped


def test_a_fault_is_told_without_its_details_and_the_next_run_works(session, photo, caplog):
    faults = [RuntimeError("/home/someone/secret.py broke")]

    def step():
        if faults:
            raise faults.pop()

    one = session(before_step=step)
    last = list(one.run("me", fields(**photo)))[-1]
    assert last.message == FAULT
    assert last.ended
    assert "secret.py broke" in caplog.text  # for whoever started the program
    assert list(one.run("me", fields(**photo)))[-1].clip is not None


def test_closing_stops_what_runs_and_frees_the_generator(photo):
    closed = []
    pipeline = StandIn(lambda: time.sleep(0.02))

    class Closing(DemoGenerator):
        def close(self):
            closed.append(True)

    with AppSession(lambda: Closing(pipeline, detector=a_hand)) as one:
        views = one.run("me", fields(**photo, steps=50))
        next(views)
    assert closed == [True]
    assert list(views)[-1].stopped


def test_loading_is_done_once_and_ahead():
    loads = []

    def load():
        loads.append(threading.get_ident())
        return DemoGenerator(StandIn(), detector=a_hand, weights="mine")

    with AppSession(load) as one:
        assert one.load() == "mine"
        assert one.load() == "mine"
    assert len(loads) == 1
    assert loads[0] != threading.get_ident()


@pytest.mark.parametrize(
    ("told", "plain_words"),
    [
        ("cannot read '/home/a b/../x/clip.png': gone", "cannot read 'clip.png': gone"),
        ("no weights at /srv/models/nano/x.json", "no weights at x.json"),
        (r"C:\Users\me\file.txt is bad", "file.txt is bad"),
        ("3/4 of 16 frames\nand more", "3/4 of 16 frames and more"),
        ("seed must be 0 to 9", "seed must be 0 to 9"),
    ],
)
def test_folders_are_not_told(told, plain_words):
    assert plain(ValueError(told)) == plain_words

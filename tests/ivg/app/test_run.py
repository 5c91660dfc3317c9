"""Runs behind the page, without the page: what is shown when, stopping, waiting, faults."""

import threading
import time

import pytest

from ivg.app.run import FAULT, NOT_SCORED, AppRun, AppWorker
from ivg.app.view import STAGES, plain
from ivg.errors import InputError
from ivg.workflows.demo.context import frame_from_file

from ..workflows.demo.conftest import image  # noqa: F401 (a fixture)
from ..workflows.demo.stand_ins import generator, no_hand, put_bench


class Pause:
    """Called before a step; holds the run there until `go_on` is set."""

    def __init__(self):
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self):
        self.reached.set()
        assert self.go_on.wait(60)


@pytest.fixture
def worker():
    """Makes workers that are closed at the end; `made` is the pipeline they generate with."""
    workers = []

    def make(**options):
        made = generator(**options)
        workers.append(AppWorker(lambda: made))
        workers[-1].pipeline = made.pipeline
        return workers[-1]

    yield make
    for one in workers:
        one.close()


def kitchen(**changed):
    options = {"task": "cut the carrot", "seed": 3, "steps": 3, "execute": True, "trajectory": True, "samples": 1}
    return AppRun({**options, **changed})


@pytest.fixture
def photo(image):  # noqa: F811
    """Makes runs with an image."""
    frame = frame_from_file(image)
    return lambda **changed: AppRun({"task": "cut the carrot", "seed": 3, "steps": 3, "image": frame, **changed})


def phases(run):
    return {key: stage.phase for key, stage in run.view.stages.items()}


def done(worker, run, visitor="me"):
    """Do a run to its end; return which of its parts were there each time that something had changed."""
    worker.start(visitor, run)
    return [(changed, set(run.view.parts)) for changed in run.changes()]


def test_a_run_in_the_kitchen_comes_to_its_end(worker, monkeypatch):
    put_bench(monkeypatch, done_after=15)
    run = kitchen()
    seen = done(worker(), run)
    assert run.over
    assert not run.view.message
    assert phases(run) == dict.fromkeys(STAGES, "done")
    assert all(stage.seconds > 0 for stage in run.view.stages.values())
    assert run.view.parts["robot"].steps == 15
    assert set().union(*(changed for changed, _ in seen)) == {*STAGES, "progress", "messages"}


def test_each_part_is_shown_before_the_next_one_begins(worker, monkeypatch):
    pause = Pause()
    put_bench(monkeypatch)
    one, run, parts = worker(before_step=pause), kitchen(), {}
    one.start("me", run)
    for changed in run.changes():
        if "region" in run.view.parts and not pause.go_on.is_set() and pause.reached.wait(60):
            parts = set(run.view.parts)
            assert phases(run)["clip"] == "running"
            pause.go_on.set()
        assert changed
    assert parts == {"scene", "region"}


def test_an_image_has_neither_trajectory_nor_robot(worker, photo):
    run = photo()
    done(worker(), run)
    assert list(phases(run)) == list(STAGES[:4])
    assert set(run.view.parts) == {"scene", "region", "clip", "hands"}
    assert (run.view.stages["clip"].done, run.view.stages["clip"].total) == (3, 3)


def test_without_the_robot_the_run_ends_with_the_trajectory(worker, monkeypatch):
    put_bench(monkeypatch)
    run = kitchen(execute=False)
    done(worker(), run)
    assert list(phases(run)) == list(STAGES[:5])
    assert "robot" not in run.view.parts


def test_a_clip_without_a_hand_is_an_outcome(worker, monkeypatch):
    put_bench(monkeypatch)
    run = kitchen()
    done(worker(detector=no_hand), run)
    assert "seen in 0 of 16 frames" in run.view.no_trajectory
    assert not run.view.message


def test_of_several_clips_the_best_is_shown_and_their_durations_add_up(worker, monkeypatch):
    put_bench(monkeypatch)
    one, run = worker(before_step=lambda: time.sleep(0.05)), kitchen(samples=3, steps=1)
    done(one, run)
    assert run.view.sample == run.view.samples == len(one.pipeline.calls) == 3
    assert run.view.parts["hands"] is run.view.parts["trajectory"].demonstration
    assert run.view.parts["hands"].provenance["seed"] == 3  # all cost the same: the first is best
    assert run.view.stages["clip"].seconds > 0.15
    assert phases(run) == dict.fromkeys(STAGES, "done")


def test_a_text_that_is_not_scored_is_noted(worker, monkeypatch):
    put_bench(monkeypatch, task=None)
    run = kitchen(execute=False)
    done(worker(), run)
    assert run.view.notices == (NOT_SCORED,)


def test_an_impossible_request_says_why(worker, photo):
    run = photo(seed=-3)
    done(worker(), run)
    assert "seed must not be negative" in run.view.message


def test_a_run_is_stopped_within_a_step(worker, photo):
    pause = Pause()
    one, run = worker(before_step=pause), photo(steps=50)
    one.start("me", run)
    assert pause.reached.wait(60)
    view = one.run_of("me").stop()
    assert view.stopped
    assert view.stages["clip"].phase == "stopped"
    pause.go_on.set()
    list(run.changes())
    assert "clip" not in run.view.parts
    assert one.run_of("me") is None


def test_the_robot_is_stopped_too(worker, monkeypatch):
    pause = Pause()
    put_bench(monkeypatch, done_after=None, before_step=pause)
    one, run = worker(), kitchen()
    one.start("me", run)
    assert pause.reached.wait(60)
    run.stop()
    pause.go_on.set()
    list(run.changes())
    assert "robot" not in run.view.parts
    assert (phases(run)["trajectory"], phases(run)["robot"]) == ("done", "stopped")


def test_runs_wait_for_one_another_and_a_second_one_of_a_visitor_stops_the_first(worker, photo):
    pause = Pause()
    one = worker(before_step=pause)
    first, second, other = photo(seed=0, steps=50), photo(seed=1, steps=1), photo(seed=2, steps=1)
    one.start("me", first)
    assert pause.reached.wait(60)
    assert not one.busy("me")
    one.start("other", other)
    assert one.busy("me")
    one.start("me", second)
    assert [call.seed for call in one.pipeline.calls] == [0]
    pause.go_on.set()
    for run in (first, other, second):
        list(run.changes())
    assert [call.seed for call in one.pipeline.calls] == [0, 2, 1]
    assert first.view.stopped
    assert "hands" in second.view.parts
    assert not one.busy("nobody")


def test_who_leaves_stops_the_run(worker, photo):
    pause = Pause()
    one, run = worker(before_step=pause), photo(steps=50)
    one.start("gone", run)
    assert pause.reached.wait(60)
    one.forget("gone")
    pause.go_on.set()
    list(run.changes())
    assert run.view.stopped


def test_a_fault_is_told_without_its_details_and_the_next_run_works(worker, photo, caplog):
    faults = [RuntimeError("/home/someone/secret.py broke")]

    def step():
        if faults:
            raise faults.pop()

    one = worker(before_step=step)
    broken, after = photo(), photo()
    done(one, broken)
    assert broken.view.message == FAULT
    assert "secret.py broke" in caplog.text  # for whoever started the program
    done(one, after)
    assert "hands" in after.view.parts


def test_the_generator_is_loaded_once_and_closed_in_the_end():
    threads, made = [], generator(weights="mine")
    made.close = lambda: threads.append("closed")

    def load():
        threads.append(threading.get_ident())
        return made

    one = AppWorker(load)
    assert one.load() == one.load() == "mine"
    one.close()
    assert threads[1:] == ["closed"]
    assert threads[0] != threading.get_ident()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("cannot read '/home/a b/../x/clip.png': gone", "cannot read 'clip.png': gone"),
        ("no weights at /srv/models/nano/x.json", "no weights at x.json"),
        (r"C:\Users\me\file.txt is bad", "file.txt is bad"),
        ("3/4 of 16 frames\nand more", "3/4 of 16 frames and more"),
        ("seed must be 0 to 9", "seed must be 0 to 9"),
    ],
)
def test_folders_are_not_told(said, words):
    assert plain(InputError(said)) == words

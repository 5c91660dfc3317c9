"""One demonstration: what it writes, what it tells, and that it leaves nothing when it cannot be made."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ivg.errors import InputError, IvgError
from ivg.io.video import read_video
from ivg.policy import Demonstration
from ivg.policy.sampling import SAMPLES
from ivg.workflows.demo import FILES, default_folder, make_demonstration

from .stand_ins import generator, no_hand, put_bench


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else None


@pytest.fixture
def demo(tmp_path, image):
    """Makes a demonstration of the image; `out` is where it writes."""

    def run(task="cut carrot", **options):
        return make_demonstration(task, **{"image": image, "out": run.out, "generator": generator(), **options})

    run.out = tmp_path / "out" / "demo"
    return run


def test_it_writes_clip_overview_dataset_and_report(demo):
    result = demo()
    assert names(demo.out) == sorted(FILES.values())
    assert result.files == [demo.out / name for name in FILES.values()]
    assert names(demo.out.parent) == ["demo"]
    clip = read_video(demo.out / "clip.mp4")
    assert clip.frames.shape == (16, 96, 160, 3)
    assert clip.fps == pytest.approx(8)
    demonstration = Demonstration.load(demo.out / "demo.zarr")
    np.testing.assert_array_equal(demonstration.clip, result.demonstration.clip)
    assert demonstration.provenance["prompt"] == "cut carrot"
    with Image.open(demo.out / "overview.png") as overview:
        assert overview.width >= 1200
        assert len(overview.convert("RGB").getcolors(1 << 24)) > 1000


def test_the_report_has_rate_times_and_provenance(demo):
    result = demo(steps=5, seed=3)
    report = json.loads((demo.out / "report.json").read_text())
    assert report["hands"]["frames"] == 15
    assert report["hands"]["frames_with_hand"] == 14
    assert report["hands"]["detection_rate"] == pytest.approx(14 / 15)
    assert report["speed"]["per_step_s"] == {"region": 0.02, "clip": 0.04}
    assert report["speed"]["clip_s"] == 2
    assert {"context", "region", "clip", "hands", "writing"} <= set(report["times_s"])
    assert report["provenance"]["seed"] == 3
    assert report["provenance"]["context"]["image"] == "kitchen.png"
    assert result.report == {**report, "folder": str(demo.out)}


def test_the_summary_says_what_came_out(demo):
    said = demo().summary()
    for words in ("cut carrot", "14 of 15 frames", "ms a denoising step", "not scored", "clip.mp4"):
        assert words in said


def test_without_a_folder_nothing_is_written(demo, tmp_path):
    result = demo(out=None)
    assert result.files == []
    assert "clip.mp4" not in result.summary()
    assert names(tmp_path) == ["in"]


def test_a_large_image_is_reduced(demo):
    assert demo(camera_size=128).demonstration.clip.shape[1:3] == (77, 128)


def test_the_hand_is_as_asked_for(demo):
    hand = demo(skin="#804020", side="left", hand_size=1.1).demonstration.provenance["appearance"]
    assert hand == {"skin_rgb": [0.502, 0.251, 0.1255], "hand_scale": 1.1, "side": "left"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"skin": "ligth"}, "ligth.*did you mean 'light'"),
        ({"skin": "#12"}, "#12.*"),
        ({"side": "both"}, "both.*left, right"),
        ({"hand_size": 3}, r"0\.8.*3"),
        ({"seed": -1}, "seed.*-1"),
        ({"steps": 0}, "steps.*0"),
        ({"camera_size": -3}, "camera_size.*-3"),
        ({"task": "   "}, "task must say"),
        ({"execute": True}, "neither robot"),
        ({"image": None, "env": "kitchin"}, "kitchin.*did you mean 'kitchen'"),
        ({"generator": None, "weights": "none"}, "no weights 'none'"),
    ],
)
def test_impossible_values_leave_nothing(demo, tmp_path, options, words):
    with pytest.raises(IvgError, match=words):
        demo(**options)
    assert names(tmp_path) == ["in"]


@pytest.mark.parametrize("content", [None, b"no image", b"\x89PNG\r\n\x1a\n cut off"])
def test_an_unreadable_image_is_refused(demo, tmp_path, content):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png"):
        demo(image=tmp_path / "a.png")
    assert not demo.out.parent.exists()


def test_a_tiny_image_is_refused(demo, tmp_path):
    Image.new("RGB", (20, 300)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="20 x 300"):
        demo(image=tmp_path / "a.png")


def test_an_existing_folder_is_kept_unless_asked(demo):
    demo.out.mkdir(parents=True)
    with pytest.raises(InputError, match="exists already"):
        demo()
    assert names(demo.out) == []
    demo(overwrite=True)
    demo(overwrite=True, seed=4)
    assert json.loads((demo.out / "report.json").read_text())["seed"] == 4
    assert names(demo.out.parent) == ["demo"]


def test_a_folder_of_other_things_is_never_overwritten(demo):
    demo.out.mkdir(parents=True)
    (demo.out / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.tex"):
        demo(overwrite=True)
    assert (demo.out / "thesis.tex").read_text() == "years of work"


def test_the_rewritten_text_is_reported(demo):
    result = demo(generator=generator(rewriter="vocabulary"), side="left")
    origin = result.demonstration.provenance
    assert origin["prompt"] == "cut carrot"
    assert origin["text"].startswith("cut carrot: the left hand holds the knife")
    assert origin["text"] in result.summary()


@pytest.mark.parametrize("error", [KeyboardInterrupt, AttributeError])
def test_an_interruption_or_a_bug_leaves_nothing_and_passes_through(demo, tmp_path, error):
    def broken(frames):
        raise error

    with pytest.raises(error):
        demo(generator=generator(broken))
    assert names(tmp_path) == ["in"]


def test_parts_are_given_in_order_as_soon_as_they_are_known(demo, monkeypatch):
    put_bench(monkeypatch)
    parts, steps = {}, []
    result = demo(
        image=None,
        execute=True,
        on_part=lambda stage, value: parts.update({stage: value}),
        on_progress=lambda *report: steps.append(report),
    )
    assert list(parts) == ["scene", "region", "clip", "hands", "trajectory", "robot"]
    assert parts["scene"] is result.context
    assert parts["scene"].depth.shape == (64, 64)
    assert parts["hands"] is result.demonstration is result.extracted.demonstration
    np.testing.assert_array_equal(parts["region"], result.demonstration.region)
    np.testing.assert_array_equal(parts["clip"], result.demonstration.clip)
    assert parts["robot"] is result.execution
    assert {("region", 1, 1), ("clip", 3, 10), ("clip", 10, 10), ("robot", 0, 0)} <= set(steps)


def test_an_exception_of_a_callback_ends_the_run(demo, tmp_path):
    def stop(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo(on_progress=stop)
    assert names(tmp_path) == ["in"]


def test_of_several_clips_without_a_good_contact_all_are_made_and_the_best_is_taken(demo, monkeypatch):
    put_bench(monkeypatch)
    made, samples = generator(), []
    result = demo(
        image=None,
        samples=SAMPLES,
        generator=made,
        seed=3,
        on_progress=lambda stage, done, total: samples.append((done, total)) if stage == "sample" else None,
    )
    calls = made.pipeline.calls
    assert samples == [(k, SAMPLES) for k in range(1, SAMPLES + 1)]
    assert len({call.seed for call in calls}) == SAMPLES
    assert {call.side for call in calls} == {"left", "right"}
    assert result.demonstration.provenance["seed"] == 3  # all cost the same: the first is best
    chosen = generator()
    demo(image=None, samples=3, side="left", generator=chosen, overwrite=True)
    assert [call.side for call in chosen.pipeline.calls] == ["left"] * 3


def test_a_clip_without_a_hand_is_a_result(demo, monkeypatch):
    put_bench(monkeypatch)
    result = demo(image=None, trajectory=True, generator=generator(no_hand))
    assert "seen in 0 of 16 frames" in result.no_trajectory
    assert (result.extracted, result.execution) == (None, None)


def test_the_default_folder_is_named_by_task_and_seed():
    assert default_folder("Cut the carrot!", 3) == Path("out/cut-the-carrot-3")
    assert default_folder("切", 0) == Path("out/task-0")


@pytest.mark.slow
def test_the_kitchen_is_a_context(tmp_path):
    unscored, scored = (
        make_demonstration(task, camera_size=96, generator=generator(), out=tmp_path / str(len(task)))
        for task in ("juggle the knives", "slice the carrot")
    )
    assert "not scored" in unscored.report["scoring"]
    assert unscored.demonstration.clip.shape == (16, 96, 96, 3)
    assert "cut_carrot" in scored.report["scoring"]

"""`ivg-demo`: what it writes, what it says, and that it leaves nothing when it cannot."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ivg.cli.demo import main
from ivg.errors import WeightsError
from ivg.io.video import read_video
from ivg.policy import DemoGenerator, Demonstration
from ivg.types import HandTracks, RegionOfMotion

FILES = ["clip.mp4", "demo.zarr", "overview.png", "report.json"]


class StandIn:
    """Called like the pipeline; a light square walks over the context frame."""

    device = torch.device("cpu")
    components: dict = {}

    def __call__(self, frame, text, *, seed=0, appearance=None, num_inference_steps=10, progress_callback=None):
        clip = np.repeat(frame[None], 16, axis=0)
        masks = np.zeros(clip.shape[:3], bool)
        for t in range(1, 16):
            masks[t, 10:30, 2 * t : 2 * t + 20] = True
        clip[masks] = 255
        for stage in ("region", "clip"):
            for step in range(num_inference_steps):
                progress_callback(stage, step + 1, num_inference_steps)
        timings = {"prepare": 0.1, "text": 0.1, "region": 0.2, "clip": 0.4, "decode": 0.1, "total": 0.9}
        return SimpleNamespace(
            frames=clip,
            region=RegionOfMotion(masks),
            appearance=appearance,
            timings={**timings, "region_step": 0.02, "clip_step": 0.04},
            fps=8,
        )


def light_hand(frames):
    keypoints = np.full((len(frames), 2, 21, 2), np.nan, np.float32)
    for t in range(1, len(frames) - 1):
        keypoints[t, 1] = np.linspace((0.1, 0.1), (0.3 + t / 40, 0.3), 21)
    present = np.isfinite(keypoints).all((-1, -2))
    return HandTracks(keypoints, present, present.astype(np.float32))


def load(weights, device, rewriter="none"):
    if weights != "nano":
        raise WeightsError(f"there are no weights at '{weights}'")
    return DemoGenerator(StandIn(), detector=light_hand, weights=weights, rewriter=rewriter)


@pytest.fixture
def picture(tmp_path):
    """A landscape picture, in a folder of its own."""
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    small = rng.integers(60, 200, (6, 8, 3), np.uint8)
    Image.fromarray(small).resize((160, 96), Image.Resampling.BICUBIC).save(tmp_path / "in" / "kitchen.png")
    return tmp_path / "in" / "kitchen.png"


@pytest.fixture
def demo(tmp_path, picture):
    """Runs the command on the picture; `out` is where it writes."""

    def run(*extra, out=tmp_path / "out" / "demo", task="cut carrot", loader=load):
        return main(["--image", str(picture), "--task", task, "--out", str(out), *extra], loader)

    run.out = tmp_path / "out" / "demo"
    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else None


def refused(capsys, code, *words):
    """Check: exit code 2, one line on stderr that has these words."""
    said = capsys.readouterr()
    assert code == 2
    assert said.err.startswith("ivg-demo: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err
    return True


def test_it_writes_clip_picture_dataset_and_report(demo):
    assert demo() == 0
    assert names(demo.out) == FILES
    assert names(demo.out.parent) == ["demo"]
    film = read_video(demo.out / "clip.mp4")
    assert film.frames.shape == (16, 96, 160, 3)
    assert film.fps == pytest.approx(8)
    demonstration = Demonstration.load(demo.out / "demo.zarr")
    assert demonstration.clip.shape == (16, 96, 160, 3)
    assert demonstration.provenance["prompt"] == "cut carrot"
    with Image.open(demo.out / "overview.png") as overview:
        assert overview.width >= 1200
        assert len(overview.convert("RGB").getcolors(1 << 24)) > 1000


def test_the_report_has_rate_times_and_provenance(demo):
    assert demo("--steps", "5", "--seed", "3") == 0
    report = json.loads((demo.out / "report.json").read_text())
    assert report["hands"]["frames"] == 15
    assert report["hands"]["frames_with_hand"] == 14
    assert report["hands"]["detection_rate"] == pytest.approx(14 / 15)
    assert report["speed"]["per_step_s"] == {"region": 0.02, "clip": 0.04}
    assert report["speed"]["clip_s"] == 2
    assert {"context", "loading", "region", "clip", "hands"} <= set(report["times_s"])
    assert report["provenance"]["seed"] == 3
    assert report["provenance"]["context"]["image"] == "kitchen.png"


def test_it_says_what_came_out(demo, capsys):
    demo()
    said = capsys.readouterr().out
    for words in ("cut carrot", "14 of 15 frames", "ms a denoising step", "not scored", "clip.mp4"):
        assert words in said


def test_json_on_stdout_is_json_alone(demo, capsys):
    assert demo("--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["task"] == "cut carrot"


def test_json_to_a_file(demo, tmp_path):
    assert demo("--json", str(tmp_path / "figures.json")) == 0
    assert json.loads((tmp_path / "figures.json").read_text())["hands"]["frames"] == 15


def test_a_large_picture_is_reduced(demo):
    assert demo("--camera-size", "128") == 0
    assert Demonstration.load(demo.out / "demo.zarr").clip.shape[1:3] == (77, 128)


def test_the_hand_is_as_asked_for(demo):
    assert demo("--skin", "#804020", "--side", "left", "--hand-size", "1.1") == 0
    hand = json.loads((demo.out / "report.json").read_text())["provenance"]["appearance"]
    assert hand == {"skin_rgb": [0.502, 0.251, 0.1255], "hand_scale": 1.1, "side": "left"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--skin", "ligth"], ["ligth", "did you mean 'light'"]),
        (["--skin", "#12"], ["#12", "#c68863"]),
        (["--side", "both"], ["both", "left, right"]),
        (["--hand-size", "3"], ["3", "0.8"]),
        (["--seed", "-1"], ["--seed", "-1"]),
        (["--steps", "0"], ["--steps", "0"]),
        (["--camera-size", "-3"], ["--camera-size", "-3"]),
        (["--weights", "none"], ["no weights at 'none'"]),
    ],
)
def test_impossible_options_leave_nothing(demo, capsys, tmp_path, options, words):
    assert refused(capsys, demo(*options), *words)
    assert names(tmp_path) == ["in"]


@pytest.mark.parametrize("task", ["", "   "])
def test_an_empty_text_is_refused(demo, capsys, tmp_path, task):
    assert refused(capsys, demo(task=task), "--task")
    assert names(tmp_path) == ["in"]


def test_a_wrong_environment_is_refused(capsys, tmp_path):
    code = main(["--env", "kitchin", "--task", "cut carrot", "--out", str(tmp_path / "out")], load)
    assert refused(capsys, code, "kitchin", "did you mean 'kitchen'")
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"no picture", b"\x89PNG\r\n\x1a\n cut off"])
def test_an_unreadable_picture_is_refused(capsys, tmp_path, content):
    file = tmp_path / "a.png"
    if content is not None:
        file.write_bytes(content)
    code = main(["--image", str(file), "--task", "cut carrot", "--out", str(tmp_path / "out")], load)
    assert refused(capsys, code, "a.png")
    assert names(tmp_path) == ([] if content is None else ["a.png"])


def test_a_tiny_picture_is_refused(capsys, tmp_path):
    Image.new("RGB", (20, 300)).save(tmp_path / "a.png")
    code = main(["--image", str(tmp_path / "a.png"), "--task", "x", "--out", str(tmp_path / "out")], load)
    assert refused(capsys, code, "20 x 300")


def test_an_existing_folder_is_kept_unless_asked(demo, capsys):
    demo.out.mkdir(parents=True)
    assert refused(capsys, demo(), "exists already")
    assert names(demo.out) == []
    assert demo("--overwrite") == 0
    assert demo("--overwrite", "--seed", "4") == 0
    assert json.loads((demo.out / "report.json").read_text())["seed"] == 4
    assert names(demo.out.parent) == ["demo"]


def test_a_folder_of_other_things_is_never_overwritten(demo, capsys):
    demo.out.mkdir(parents=True)
    (demo.out / "thesis.tex").write_text("years of work")
    assert refused(capsys, demo("--overwrite"), "thesis.tex")
    assert (demo.out / "thesis.tex").read_text() == "years of work"


def test_the_text_that_was_used_is_told(demo, capsys):
    assert demo("--rewriter", "vocabulary", "--side", "left") == 0
    origin = Demonstration.load(demo.out / "demo.zarr").provenance
    assert origin["prompt"] == "cut carrot"
    assert origin["text"].startswith("cut carrot: the left hand holds the knife")
    assert origin["rewriter"]["name"] == "vocabulary"
    assert origin["text"] in capsys.readouterr().out


def test_an_unknown_rewriter_is_refused(demo, capsys, tmp_path):
    assert refused(capsys, demo("--rewriter", "vocabulry"), "did you mean 'vocabulary'", "owner/model")
    assert names(tmp_path) == ["in"]


def test_interrupting_leaves_nothing(demo, capsys, tmp_path):
    def interrupted(weights, device, rewriter):
        generator = load(weights, device, rewriter)
        generator.pipeline = lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
        return generator

    assert demo(loader=interrupted) == 130
    assert names(tmp_path) == ["in"]


def test_a_bug_leaves_nothing_and_is_not_hidden(demo, tmp_path):
    def broken(weights, device, rewriter):
        return DemoGenerator(StandIn(), detector=lambda frames: None)

    with pytest.raises(AttributeError):
        demo(loader=broken)
    assert names(tmp_path) == ["in"]


def test_help_shows_examples_and_is_quick(capsys):
    code = "from ivg.cli.demo import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    assert 'ivg-demo --env kitchen --task "cut carrot"' in done.stdout
    for heavy in ("torch", "robosuite", "mediapipe", "diffusers"):
        assert f" {heavy}\n" not in done.stderr


@pytest.mark.slow
def test_the_kitchen_is_a_context(tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["--task", "juggle the knives", "--camera-size", "96", "--out", str(out)], load) == 0
    report = json.loads((out / "report.json").read_text())
    assert "not scored" in report["scoring"]
    assert Demonstration.load(out / "demo.zarr").clip.shape == (16, 96, 96, 3)
    assert main(["--task", "slice the carrot", "--camera-size", "96", "--out", str(tmp_path / "b")], load) == 0
    assert "cut_carrot" in json.loads((tmp_path / "b" / "report.json").read_text())["scoring"]
    assert "slice the carrot" in capsys.readouterr().out

"""The generator: what it hands to the pipeline, what it makes of the result, and what it writes down."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ivg.errors import InputError
from ivg.policy import DemoGenerator, Demonstration
from ivg.policy.provenance import versions, weights_sha256
from ivg.types import Appearance, HandTracks, RegionOfMotion


class StandIn:
    """Called like the pipeline: the context frame, brightened from frame to frame by the seed's draw."""

    device = torch.device("cpu")

    def __init__(self):
        self.components = {"denoiser": torch.nn.Linear(2, 2), "scheduler": object()}
        self.calls = []

    def __call__(self, image, prompt, *, seed, appearance, num_inference_steps=10, progress_callback):
        self.calls.append({"text": prompt, "seed": seed, "steps": num_inference_steps})
        for stage in ("region", "clip"):
            progress_callback(stage, num_inference_steps, num_inference_steps)
        if isinstance(image, list):
            outputs = [self._output(*one) for one in zip(image, seed, appearance, strict=True)]
            return SimpleNamespace(split=lambda: outputs)
        return self._output(image, seed, appearance)

    def _output(self, image, seed, appearance):
        noise = np.random.default_rng(seed).integers(0, 50, (16, *image.shape), np.uint8)
        masks = np.zeros((16, *image.shape[:2]), bool)
        masks[1:, 4:9, 4:9] = True
        timings = {"region": 0.25, "clip": 0.5}
        region = RegionOfMotion(masks)
        return SimpleNamespace(frames=image // 2 + noise, region=region, appearance=appearance, timings=timings, fps=8)


def one_hand(frames):
    keypoints = np.full((len(frames), 2, 21, 2), np.nan, np.float32)
    keypoints[1:, 1] = 0.5
    present = np.isfinite(keypoints).all((-1, -2))
    return HandTracks(keypoints, present, present.astype(np.float32))


FRAME = np.full((24, 32, 3), 100, np.uint8)


@pytest.fixture
def generator():
    return DemoGenerator(StandIn(), detector=one_hand, weights="tiny")


def test_it_makes_a_demonstration_of_the_frames_size(generator):
    demonstration = generator(FRAME, "cut the carrot", seed=3)
    assert isinstance(demonstration, Demonstration)
    assert demonstration.clip.shape == (16, 24, 32, 3)
    assert demonstration.region.sum() == 25
    assert demonstration.present.sum() == 15
    assert demonstration.fps == 8


def test_the_seed_decides(generator):
    first, again, other = (generator(FRAME, "cut the carrot", seed=s) for s in (1, 1, 2))
    assert first.clip.tobytes() == again.clip.tobytes()
    assert first.clip.tobytes() != other.clip.tobytes()


def test_lists_are_one_batch(generator):
    frames = [FRAME, np.full((32, 24, 3), 50, np.uint8)]
    texts = ["cut the carrot", "stir the pot"]
    made = generator(frames, texts, seed=[3, 4])
    assert len(generator.pipeline.calls) == 1
    for demonstration, frame, text, seed in zip(made, frames, texts, (3, 4), strict=True):
        alone = generator(frame, text, seed)
        assert demonstration.clip.tobytes() == alone.clip.tobytes()
        assert demonstration.keypoints.tobytes() == alone.keypoints.tobytes()
        changing = ("timings_s",)
        assert {n: v for n, v in demonstration.provenance.items() if n not in changing} == {
            n: v for n, v in alone.provenance.items() if n not in changing
        }
    assert [one.provenance["seed"] for one in generator(FRAME, "stir", seed=[1, 2])] == [1, 2]
    with pytest.raises(InputError, match="one length.*2 of frame, 1 of text"):
        generator(frames, ["stir"])


def test_the_pipeline_chooses_the_steps_by_default(generator):
    generator(FRAME, "cut the carrot")
    generator(FRAME, "cut the carrot", steps=4)
    assert [call["steps"] for call in generator.pipeline.calls] == [10, 4]


def test_the_steps_taken_are_written_down(generator):
    assert generator(FRAME, "cut the carrot").provenance["steps"] == 10


def test_it_writes_down_where_the_clip_comes_from(generator):
    origin = generator(FRAME, "cut the carrot", seed=5, steps=4).provenance
    assert origin["prompt"] == "cut the carrot"
    assert (origin["seed"], origin["steps"]) == (5, 4)
    assert origin["weights"] == {"name": "tiny", "sha256": weights_sha256(generator.pipeline)}
    assert origin["appearance"]["side"] in ("left", "right")
    assert {"ivg", "torch", "mediapipe", "diffusers"} <= set(origin["versions"])
    assert {"region", "clip", "hands", "generation"} <= set(origin["timings_s"])


def test_the_text_is_left_alone_unless_asked(generator):
    origin = generator(FRAME, "cut the carrot").provenance
    assert generator.pipeline.calls[-1]["text"] == "cut the carrot"
    assert origin["text"] == origin["prompt"] == "cut the carrot"
    assert origin["rewriter"] == {"name": "none"}


def test_the_rewritten_text_is_used_and_written_down():
    generator = DemoGenerator(StandIn(), detector=one_hand, rewriter="vocabulary")
    left = Appearance.sample(0, side="left")
    origin = generator(FRAME, "cut the carrot", appearance=left).provenance
    assert origin["prompt"] == "cut the carrot"
    assert "the left hand holds the knife" in origin["text"]
    assert generator.pipeline.calls[-1]["text"] == origin["text"]
    assert (origin["rewriter"]["name"], "rewriting" in origin["timings_s"]) == ("vocabulary", True)


def test_a_rewriter_of_ones_own_gets_frame_and_side():
    seen = []

    class Own:
        provenance = {"name": "own"}

        def __call__(self, text, *, frame=None, side="right"):
            seen.append((text, frame.shape, side))
            return "wave"

    generator = DemoGenerator(StandIn(), detector=one_hand, rewriter=Own())
    origin = generator(FRAME, "cut the carrot", appearance=Appearance.sample(0, side="left")).provenance
    assert seen == [("cut the carrot", FRAME.shape, "left")]
    assert (origin["text"], origin["rewriter"]) == ("wave", {"name": "own"})


def test_progress_is_passed_on(generator):
    seen = []
    generator(FRAME, "cut the carrot", steps=4, progress=lambda *call: seen.append(call))
    assert ("region", 4, 4) in seen
    assert ("clip", 4, 4) in seen


def test_what_it_makes_can_be_saved(tmp_path, generator):
    demonstration = generator(FRAME, "cut the carrot")
    back = Demonstration.load(demonstration.save(tmp_path / "d.zarr"))
    assert back.provenance == demonstration.provenance


def test_the_hash_is_of_the_weights_alone():
    torch.manual_seed(0)
    pipeline = StandIn()
    before = weights_sha256(pipeline)
    assert before == weights_sha256(pipeline)
    with torch.no_grad():
        pipeline.components["denoiser"].bias[0] += 1e-3
    assert weights_sha256(pipeline) != before


def test_versions_are_of_what_is_installed():
    assert versions()["numpy"] == np.__version__


def test_hands_are_looked_for_where_the_frame_has_changed(monkeypatch):
    generator = DemoGenerator(StandIn())
    seen = []

    def look(frames):
        seen.append(len(frames))
        return one_hand(frames)

    monkeypatch.setattr(generator, "_start_detector", lambda: look)
    clip = np.zeros((6, 8, 8, 3), np.uint8)
    clip[2:5] = 9
    stages = []
    tracks = generator._find_hands(clip, lambda *step: stages.append(step))
    assert seen == [3]
    assert tracks.present.any(1).tolist() == [False, False, False, True, True, False]
    assert np.isnan(tracks.keypoints[~tracks.present]).all()
    assert stages == [("hands", 6, 6)]
    assert not generator._find_hands(clip[:2], None).present.any()
    assert seen == [3]

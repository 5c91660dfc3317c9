"""A demonstration from end to end, with the real pipeline and detector, and tiny weights drawn at random."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ivg.errors import InputError, WeightsError
from ivg.policy import DemoGenerator, Demonstration
from ivg.workflows.demo import make_demonstration


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from ivg.models.nano.autoencoder import NanoAutoencoder
    from ivg.models.nano.denoiser import NanoVideoDenoiser
    from ivg.models.noise import training_scheduler
    from ivg.pipeline import InstructionalVideoPipeline

    torch.manual_seed(0)
    small = {"widths": (16, 24, 32), "embedding_width": 32}
    pipeline = InstructionalVideoPipeline(
        NanoAutoencoder(encoder_widths=(16, 16, 16), decoder_widths=(16, 16, 16), decoder_depth=1),
        NanoVideoDenoiser(**small),
        NanoVideoDenoiser(**small),
        training_scheduler(),
    )
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    pipeline.save_pretrained(folder)
    return folder


def test_a_demonstration_is_written(tmp_path, weights, image):
    out = tmp_path / "out"
    make_demonstration("cut carrot", image=image, weights=str(weights), steps=2, out=out)
    demonstration = Demonstration.load(out / "demo.zarr")
    assert demonstration.clip.shape == (16, 96, 160, 3)
    np.testing.assert_array_equal(demonstration.clip[0], np.asarray(Image.open(image)))
    report = json.loads((out / "report.json").read_text())
    assert report["provenance"]["weights"]["name"] == "tiny"
    assert report["provenance"]["steps"] == 2
    assert {"prepare", "text", "region", "clip", "decode", "hands"} <= set(report["times_s"])


def test_the_generator_repeats_itself(weights, image):
    frame = np.asarray(Image.open(image))
    with DemoGenerator.from_pretrained(weights) as generator:
        first, again = (generator(frame, "stir the pot", seed=4, steps=2) for _ in range(2))
    with DemoGenerator.from_pretrained(weights) as other:
        assert other.weights_sha256 == generator.weights_sha256
    assert first.clip.tobytes() == again.clip.tobytes()
    assert first.provenance["weights"] == again.provenance["weights"]


def test_what_is_told_early_is_what_is_returned(weights, image):
    frame, parts = np.asarray(Image.open(image)), []
    with DemoGenerator.from_pretrained(weights) as generator:
        made = generator(frame, "stir the pot", steps=1, on_part=lambda *part: parts.append(part))
    assert [stage for stage, _ in parts] == ["region", "clip"]
    np.testing.assert_array_equal(parts[0][1], made.region)
    np.testing.assert_array_equal(parts[1][1], made.clip)


def test_missing_and_broken_weights_are_refused(tmp_path, image):
    (tmp_path / "broken").mkdir()
    for folder in ("none", "broken"):
        with pytest.raises(WeightsError):
            make_demonstration("x", image=image, weights=str(tmp_path / folder), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_refused(weights, image):
    with pytest.raises(InputError, match="quantum"):
        make_demonstration("x", image=image, weights=str(weights), device="quantum")

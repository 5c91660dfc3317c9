"""`ivg-demo` from end to end, with the real pipeline and detector, and tiny weights drawn at random."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ivg.cli.demo import main
from ivg.policy import DemoGenerator, Demonstration


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


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    file = tmp_path_factory.mktemp("picture") / "kitchen.jpg"
    colours = np.random.default_rng(0).integers(60, 200, (5, 8, 3), np.uint8)
    Image.fromarray(colours).resize((96, 64), Image.Resampling.BICUBIC).save(file)
    return file


def test_the_command_writes_a_demonstration(tmp_path, weights, picture):
    out = tmp_path / "out"
    arguments = ["--image", picture, "--task", "cut carrot", "--weights", weights, "--steps", 2, "--out", out]
    assert main([str(argument) for argument in arguments]) == 0
    demonstration = Demonstration.load(out / "demo.zarr")
    assert demonstration.clip.shape == (16, 64, 96, 3)
    np.testing.assert_array_equal(demonstration.clip[0], np.asarray(Image.open(picture)))
    report = json.loads((out / "report.json").read_text())
    assert report["provenance"]["weights"]["name"] == "tiny"
    assert report["provenance"]["steps"] == 2
    assert {"prepare", "text", "region", "clip", "decode", "hands"} <= set(report["times_s"])


def test_the_generator_repeats_itself(weights, picture):
    frame = np.asarray(Image.open(picture))
    with DemoGenerator.from_pretrained(weights) as generator:
        first, again = (generator(frame, "stir the pot", seed=4, steps=2) for _ in range(2))
    with DemoGenerator.from_pretrained(weights) as other:
        assert other.weights_sha256 == generator.weights_sha256
    assert first.clip.tobytes() == again.clip.tobytes()
    assert first.provenance["weights"] == again.provenance["weights"]


def test_missing_and_broken_weights_are_refused(tmp_path, weights, picture, capsys):
    broken = tmp_path / "broken"
    broken.mkdir()
    for folder in (tmp_path / "none", broken):
        options = ["--image", str(picture), "--task", "x", "--weights", str(folder), "--out", str(tmp_path / "out")]
        assert main(options) == 2
        said = capsys.readouterr().err
        assert said.startswith("ivg-demo: ")
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_refused(tmp_path, weights, picture, capsys):
    options = ["--image", str(picture), "--task", "x", "--weights", str(weights), "--out", str(tmp_path / "out")]
    assert main([*options, "--device", "quantum"]) == 2
    assert "quantum" in capsys.readouterr().err

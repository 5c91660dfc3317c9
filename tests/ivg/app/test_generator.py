"""The generator of `ivg-app`: what it tells early is what it returns, and what others return."""

import numpy as np
import pytest
import torch

from ivg.app.generator import load_telling_generator
from ivg.errors import InputError, WeightsError
from ivg.policy import DemoGenerator


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Tiny ones, drawn at random."""
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


@pytest.mark.parametrize("size", [(128, 128), (64, 96)])
def test_what_is_told_is_what_is_returned(weights, size):
    frame = np.random.default_rng(0).integers(60, 200, (*size, 3), np.uint8)
    told = []
    with load_telling_generator(str(weights), "cpu") as generator:
        generator.pipeline.tell = lambda what, pixels: told.append((what, pixels))
        made = generator(frame, "stir the pot", seed=4, steps=1)
    assert [what for what, _ in told] == ["region", "clip"]
    np.testing.assert_array_equal(told[0][1], made.region)
    np.testing.assert_array_equal(told[1][1], made.clip)
    with DemoGenerator.from_pretrained(weights) as plain:
        same = plain(frame, "stir the pot", seed=4, steps=1)
    np.testing.assert_array_equal(same.clip, made.clip)
    assert same.provenance["weights"] == made.provenance["weights"]


def test_what_cannot_be_loaded_is_refused(tmp_path, weights):
    with pytest.raises(WeightsError, match="no weights"):
        load_telling_generator(str(tmp_path / "none"), "cpu")
    with pytest.raises(InputError, match="quantum"):
        load_telling_generator(str(weights), "quantum")

"""The autoencoder."""

from pathlib import Path

import pytest
import torch

from ivg.errors import InputError, WeightsError
from ivg.models.loading import load_weights
from ivg.models.nano.autoencoder import NanoAutoencoder

TINY = {"latent_channels": 4, "encoder_widths": (8, 8, 16), "decoder_widths": (8, 8, 16), "decoder_depth": 1}


@pytest.fixture
def model() -> NanoAutoencoder:
    torch.manual_seed(0)
    return NanoAutoencoder(**TINY).eval()


@pytest.mark.parametrize("size", [(32, 32), (16, 40)])
def test_latents_are_an_eighth(model: NanoAutoencoder, size: tuple[int, int]) -> None:
    pictures = torch.rand(2, 3, *size) * 2 - 1
    latents, output = model(pictures)
    assert latents.shape == (2, 4, size[0] // 8, size[1] // 8)
    assert output.shape == pictures.shape


def test_calibrated_latents_have_unit_spread(model: NanoAutoencoder) -> None:
    pictures = torch.rand(16, 3, 32, 32) * 2 - 1
    before = model(pictures)[1]
    model.calibrate(pictures)
    latents, after = model(pictures)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(before, after, atol=1e-4, rtol=0)  # scaling is undone by decoding


def test_signals_keep_their_size_at_the_start(model: NanoAutoencoder) -> None:
    latents, output = NanoAutoencoder()(torch.randn(4, 3, 64, 64))
    assert 0.2 < latents.std() < 3
    assert 0.1 < output.std() < 3


def test_save_and_load(model: NanoAutoencoder, tmp_path: Path) -> None:
    pictures = torch.rand(1, 3, 32, 32)
    model.save_pretrained(tmp_path / "a")
    torch.testing.assert_close(load_weights(NanoAutoencoder, tmp_path / "a")(pictures), model(pictures))
    (tmp_path / "a" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="is missing"):
        load_weights(NanoAutoencoder, tmp_path / "a")


def test_odd_sizes_are_refused(model: NanoAutoencoder) -> None:
    with pytest.raises(InputError, match="multiples of 8"):
        model.encode(torch.zeros(1, 3, 30, 32))

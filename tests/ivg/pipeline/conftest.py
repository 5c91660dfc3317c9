"""A pipeline with tiny networks of random weights."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.noise import training_scheduler
from ivg.pipeline import InstructionalVideoPipeline


def _denoiser() -> NanoVideoDenoiser:
    model = NanoVideoDenoiser(
        latent_channels=4, latent_size=8, widths=(8, 16, 24), embedding_width=16, heads=(1, 2, 2), residual_scale=0.3
    )
    torch.nn.init.normal_(model.conv_out.weight, std=0.2)
    return model


@pytest.fixture(scope="session")
def pipeline() -> InstructionalVideoPipeline:
    torch.manual_seed(0)
    autoencoder = NanoAutoencoder(4, (8, 8, 16), (8, 8, 16), 1, 1)
    return InstructionalVideoPipeline(autoencoder, _denoiser(), _denoiser(), training_scheduler())


@pytest.fixture(scope="session")
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8)


@pytest.fixture
def new_denoiser() -> Callable[[], NanoVideoDenoiser]:
    return _denoiser

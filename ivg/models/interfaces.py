"""What the pipeline and training ask of a network of any scale (nano: our own; base: adapters on diffusers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from diffusers import DPMSolverMultistepScheduler
from diffusers.utils import BaseOutput
from torch import Tensor

from ..errors import InputError
from .noise import SampleSpace

FACTOR = 8  # pixels a latent cell is wide and high
APPEARANCE_WIDTH = 5  # length of `ivg.types.Appearance.vector`
REGION_CHANNELS = 2  # channels of the region input: union over the clip, and the frame's own mask


class ImageAutoencoder(Protocol):
    """Between images and latents of an eighth of their height and width."""

    config: Mapping[str, Any]  # holds `latent_channels`

    local: bool  # whether a decoded pixel depends only on the latents a few cells round it

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return its weights, by which cached latents are recognised."""

    def encode(self, images: Tensor) -> Tensor:
        """Encode images (n, 3, h, w) in [-1, 1] to latents (n, z, h/8, w/8) of about unit spread."""

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to images (n, 3, h, w), about in [-1, 1], not clamped."""


class TextEncoder(Protocol):
    """Between texts and tokens."""

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts to tokens float32 (n, l, width) and bool (n, l), true where a token is."""


class VideoDenoiser(Protocol):
    """The network of a stage; what it returns has `.sample`, and its schedule says what that is (the noise, say)."""

    config: Mapping[str, Any]  # holds `latent_channels`, `latent_size` and `frames`

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""

    def __call__(
        self,
        sample: Tensor,
        timestep: Tensor | float,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor | None = None,
        *,
        context: Tensor,
        region: Tensor | None = None,
        appearance: Tensor | None = None,
    ) -> Any:
        """Run it; see `ivg.models.nano.denoiser.NanoVideoDenoiser.forward` for shapes."""

    @property
    def space(self) -> SampleSpace:
        """What its samples are."""

    @property
    def sample_steps(self) -> int:
        """Default number of denoising steps."""

    @property
    def extrapolation(self) -> float:
        """How far its last step goes beyond its guess; see `ivg.models.sampler.denoise`."""

    def noise_scheduler(self) -> DPMSolverMultistepScheduler:
        """Return the noise schedule that it is trained with, and the solver to sample with."""


@dataclass
class VideoDenoiserOutput(BaseOutput):
    """What a denoiser returns."""

    sample: Tensor  # float (b, t, z, h, w), the prediction


def check_images(images: Tensor) -> None:
    """Refuse images that are not (n, 3, h, w) with h and w multiples of `FACTOR`."""
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] % FACTOR or images.shape[3] % FACTOR:
        raise InputError(
            f"images must have shape (n, 3, h, w) with h and w multiples of {FACTOR}, got {tuple(images.shape)}"
        )


def check_sample(config: Mapping[str, Any], sample: Tensor, context: Tensor) -> None:
    """Refuse samples (b, t, z, h, w) and context latents (b, z, h, w) of other sizes than a denoiser works on."""
    expected = (config["frames"], config["latent_channels"], config["latent_size"], config["latent_size"])
    if sample.ndim != 5 or tuple(sample.shape[1:]) != expected:
        raise InputError(f"sample must have shape (b, {', '.join(map(str, expected))}), got {tuple(sample.shape)}")
    if tuple(context.shape) != (len(sample), *expected[1:]):
        raise InputError(f"context must have shape {(len(sample), *expected[1:])}, got {tuple(context.shape)}")

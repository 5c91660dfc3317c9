"""What the pipeline and training ask of a network, whichever scale it is of (nano, base).

`nano` has networks of our own; `base` has thin adapters on diffusers and transformers. Both sides meet here, so that
there is one training loop and one pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from .noise import SampleSpace


class ImageAutoencoder(Protocol):
    """Between pictures and latents of an eighth of their height and width."""

    config: Mapping[str, Any]
    """Holds `latent_channels`."""

    local: bool
    """Whether a decoded pixel depends only on the latents a few cells round it."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return its weights, by which cached latents are told apart."""

    def encode(self, pictures: Tensor) -> Tensor:
        """Encode pictures (n, 3, h, w) in [-1, 1] to latents (n, z, h/8, w/8) of about unit spread."""

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to pictures (n, 3, h, w), about in [-1, 1], not clamped."""


class TextEncoder(Protocol):
    """Between texts and tokens."""

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts to tokens float32 (n, l, width) and bool (n, l), true where a token is."""


class VideoDenoiser(Protocol):
    """The network of a stage; what it returns has `.sample`, and its schedule says what that is (the noise, say)."""

    config: Mapping[str, Any]
    """Holds `latent_channels`, `latent_size` and `frames`."""

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
        """In how many steps it is sampled, if not told otherwise."""

    @property
    def extrapolation(self) -> float:
        """How far its last step goes beyond its guess; see `ivg.models.sampler.denoise`."""

    def noise_scheduler(self) -> DPMSolverMultistepScheduler:
        """Return the noise schedule that it is trained with, and the solver to sample with."""

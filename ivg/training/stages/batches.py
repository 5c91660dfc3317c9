"""Batches of denoisers: the clips that they are drawn from, what they hold, how errors on them are weighted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...models.interfaces import ImageAutoencoder
from ..encoded.clips import LatentClips
from ..encoded.loading import load_encoded_split
from ..networks import load_autoencoder, load_text_encoder
from ..settings import DenoiserConfig, Run


@dataclass(frozen=True, eq=False)
class NoisyBatch:
    """A batch as the denoiser sees it, and the truth.

    Attributes:
        clips: int64 (b,), indices in the `LatentClips`.
        clean: Float (b, t, z, c, c), the samples x_0 (see `ivg.models.noise.SampleSpace`).
        noisy: Same shape, x_t.
        timesteps: int64 (b,).
        reference: Same shape as `clean`, what residuals add to; 0 where samples are the latents themselves.
        conditions: Keyword arguments of the denoiser.
    """

    clips: Tensor
    clean: Tensor
    noisy: Tensor
    timesteps: Tensor
    reference: Tensor
    conditions: dict[str, Tensor]


def load_clips(run: Run, device: torch.device, masks: bool) -> tuple[LatentClips, LatentClips, ImageAutoencoder]:
    """Return a run's encoded training clips, those held out, and the frozen autoencoder that encoded them."""
    autoencoder = load_autoencoder(run.model, run.autoencoder, device)
    text_encoder = None if Path(run.data.path).is_file() else load_text_encoder(run.model)
    clips, held_out = load_encoded_split(run.data, autoencoder, text_encoder, masks)
    return clips.to(device), held_out, autoencoder


def loss_weight(config: DenoiserConfig, data: LatentClips, clips: Tensor) -> Tensor:
    """Return what errors count in each latent cell of some clips, float (b, t, c, c), where the clips are."""
    change = (data.change[clips] > 0).float()[:, None]
    hands, moved = (part[clips].float() / 255 for part in (data.hands, data.moved))
    weight = config.background_weight + config.region_weight * change
    return weight + config.hand_weight * hands + config.moved_weight * moved

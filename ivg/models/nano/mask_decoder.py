"""Latents of masks to masks: how likely each pixel is the hand's, at a small part of the cost of an image."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ...errors import InputError
from ..interfaces import FACTOR
from .autoencoder import Residual, keep_variance


class NanoMaskDecoder(ModelMixin, ConfigMixin):
    """Decodes masks from the latents that stage 1 predicts, which are an image autoencoder's.

    Stage 1's one step gives the mean of the likely masks, in latents; what is wanted of it is whether a pixel belongs
    to the hand more likely than not. So this network says a probability and no colours, and works at the latents'
    resolution throughout, where a decoder of images works mostly at the finer ones.

    Args:
        latent_channels: Channels z of a latent.
        width: Channels inside.
        depth: Residual blocks.
    """

    @register_to_config
    def __init__(self, latent_channels: int = 12, width: int = 64, depth: int = 1) -> None:
        super().__init__()
        if min(latent_channels, width, depth) < 1:
            raise InputError(
                f"latent_channels, width and depth must be positive, got {latent_channels}, {width} and {depth}"
            )
        self.layers = nn.Sequential(
            nn.Conv2d(latent_channels, width, 3, padding=1),
            *(Residual(width) for _ in range(depth)),
            nn.SiLU(),
            nn.Conv2d(width, FACTOR**2, 3, padding=1),
            nn.PixelShuffle(FACTOR),
        )
        keep_variance(self)

    def forward(self, latents: Tensor) -> Tensor:
        """Return, for latents (n, z, h/8, w/8), the logit of each pixel's being the hand's, (n, h, w)."""
        logits: Tensor = self.layers(latents.contiguous(memory_format=torch.channels_last))
        return logits[:, 0]

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to masks (n, h, w), the probability of the hand in [0, 1]."""
        return F.sigmoid(self(latents).float())

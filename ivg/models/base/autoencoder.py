"""The base scale's autoencoder: Stable Diffusion's, of diffusers, under the signature of `nano`'s."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor

from ...errors import InputError, WeightsError
from ..nano.autoencoder import FACTOR


class BaseAutoencoder(ModelMixin, ConfigMixin):
    """Encodes pictures to latents of an eighth of their height and width, and back.

    A latent is the mean of the encoder's distribution, not a draw from it, so that latents can be cached; it is
    multiplied with the scaling factor that the pretrained denoisers expect.

    Args:
        latent_channels: Channels z of a latent.
        vae_config: The other keyword arguments of diffusers' `AutoencoderKL`.

    Raises:
        WeightsError: If its latents are not an eighth of the pictures.
    """

    _supports_gradient_checkpointing = True

    local = False
    """Norms and attention take in the whole picture."""

    @register_to_config
    def __init__(self, latent_channels: int, vae_config: dict[str, Any]) -> None:
        super().__init__()
        self.vae = AutoencoderKL(latent_channels=latent_channels, **vae_config)
        levels = len(self.vae.config["block_out_channels"])
        if 2 ** (levels - 1) != FACTOR:
            raise WeightsError(
                f"the autoencoder has {levels} levels, so that latents are 1/{2 ** (levels - 1)} of the pictures; "
                f"give one with latents of 1/{FACTOR}, such as Stable Diffusion 1.5's"
            )

    @classmethod
    def from_vae(cls, vae: AutoencoderKL) -> BaseAutoencoder:
        """Wrap a pretrained autoencoder; its weights are shared."""
        config = _arguments(vae.config)
        channels = config.pop("latent_channels")
        with torch.device("meta"):  # its own weights would be thrown away
            model = cls(channels, config)
        model.vae = vae
        return model

    def encode(self, pictures: Tensor) -> Tensor:
        """Encode pictures, float (n, 3, h, w) in [-1, 1], h and w multiples of 8, to latents (n, z, h/8, w/8)."""
        if pictures.ndim != 4 or pictures.shape[1] != 3 or pictures.shape[2] % FACTOR or pictures.shape[3] % FACTOR:
            raise InputError(
                f"pictures must have shape (n, 3, h, w) with h and w multiples of {FACTOR}, got {tuple(pictures.shape)}"
            )
        latents: Tensor = self.vae.encode(pictures).latent_dist.mode()
        return latents * self.vae.config["scaling_factor"]

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to pictures (n, 3, h, w), about in [-1, 1], not clamped."""
        pictures: Tensor = self.vae.decode(latents / self.vae.config["scaling_factor"]).sample
        return pictures


def _arguments(config: Any) -> dict[str, Any]:
    """Return a diffusers configuration as keyword arguments, without what diffusers notes beside them."""
    return {name: value for name, value in dict(config).items() if not name.startswith("_")}

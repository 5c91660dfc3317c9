"""The base scale's autoencoder and text encoder: Stable Diffusion's and CLIP's, under the signatures of `nano`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from ...errors import InputError, WeightsError
from ...inputs import check_text
from ..interfaces import FACTOR, check_images


class BaseAutoencoder(ModelMixin, ConfigMixin):
    """Encodes images to latents of an eighth of their height and width, and back.

    A latent is the mean of the encoder's distribution, not a draw from it, so that latents can be cached; it is
    multiplied with the scaling factor that the pretrained denoisers expect. `vae_config` holds the other keyword
    arguments of diffusers' `AutoencoderKL`; one with latents of another size raises a `WeightsError`.
    """

    _supports_gradient_checkpointing = True

    local = False  # norms and attention take in the whole image

    @register_to_config
    def __init__(self, latent_channels: int, vae_config: dict[str, Any]) -> None:
        super().__init__()
        self.vae = AutoencoderKL(latent_channels=latent_channels, **vae_config)
        levels = len(self.vae.config["block_out_channels"])
        if 2 ** (levels - 1) != FACTOR:
            raise WeightsError(
                f"the autoencoder has {levels} levels, so that latents are 1/{2 ** (levels - 1)} of the images; "
                f"give one with latents of 1/{FACTOR}, such as Stable Diffusion 1.5's"
            )

    @classmethod
    def from_vae(cls, vae: AutoencoderKL) -> BaseAutoencoder:
        """Wrap a pretrained autoencoder; its weights are shared."""
        config = arguments(vae.config)
        channels = config.pop("latent_channels")
        with torch.device("meta"):  # its own weights would be thrown away
            model = cls(channels, config)
        model.vae = vae
        return model

    def encode(self, images: Tensor) -> Tensor:
        """Encode images, float (n, 3, h, w) in [-1, 1], h and w multiples of 8, to latents (n, z, h/8, w/8)."""
        check_images(images)
        latents: Tensor = self.vae.encode(images).latent_dist.mode()
        return latents * self.vae.config["scaling_factor"]

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (n, z, h/8, w/8) to images (n, 3, h, w), about in [-1, 1], not clamped."""
        return self.vae.decode(latents / self.vae.config["scaling_factor"]).sample


def arguments(config: Any) -> dict[str, Any]:
    """Return a diffusers configuration as keyword arguments, without what diffusers notes beside them."""
    return {name: value for name, value in dict(config).items() if not name.startswith("_")}


class ClipTextEncoder:
    """Encodes instructions to the tokens that pretrained text-to-video networks were trained with.

    As in Stable Diffusion, texts are padded to the length that the encoder knows (77), and the padding is attended to:
    no mask hides it.
    """

    def __init__(self, model: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        frozen: nn.Module = model
        frozen.eval().requires_grad_(False)

    @property
    def width(self) -> int:
        """Channels of a token."""
        return int(self.model.config.hidden_size)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts (none empty, or `InputError`) to tokens float32 (n, 77, width) and bool (n, 77), all true."""
        if not texts:
            raise InputError("texts must hold at least one text")
        cleaned = [" ".join(check_text(text).split()) for text in texts]
        length = int(self.model.config.max_position_embeddings)
        ids = self.tokenizer(
            cleaned, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).input_ids.to(self.model.device)
        tokens: Tensor = self.model(input_ids=ids).last_hidden_state
        return tokens.float(), torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)

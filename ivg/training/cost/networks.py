"""The networks of a training without their weights, on the meta device, and a loss with their work of a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...errors import ConfigError
from ...models.base.denoiser import BaseVideoDenoiser
from ...models.base.encoders import BaseAutoencoder
from ...models.base.pretrained import ARCHITECTURE
from ...models.interfaces import APPEARANCE_WIDTH, FACTOR, REGION_CHANNELS
from ...models.nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from ...models.nano.denoiser import NanoVideoDenoiser
from ...models.nano.text import MAX_TOKENS
from ..settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DenoiserConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)


@dataclass(frozen=True, eq=False)
class MetaNetworks:
    """Networks on the meta device, the length and width of a text's tokens, and a mask decoder's latents' size."""

    trained: nn.Module
    autoencoder: nn.Module | None
    text: tuple[int, int]
    text_encoder: int = 0
    cells: int = 0


def meta_networks(config: RunConfig, model: ModelConfig | BaseModelConfig, checkpointing: bool) -> MetaNetworks:
    """Build the networks of a run on the meta device."""
    with torch.device("meta"):
        if isinstance(model, BaseModelConfig):
            return _base_networks(config, model, checkpointing)
        autoencoder = NanoAutoencoder(**model.autoencoder)
        if isinstance(config, AutoencoderConfig):
            return MetaNetworks(autoencoder.train(), None, (0, 0))
        if isinstance(config, MaskDecoderConfig):
            decoder, cells = NanoMaskDecoder(**model.mask_decoder), int(model.denoiser["latent_size"])
            return MetaNetworks(decoder.train(), None, (0, 0), cells=cells)
        denoiser = NanoVideoDenoiser(**model.denoiser)
        text = (MAX_TOKENS, int(denoiser.config["text_width"]))
        return MetaNetworks(denoiser.train(), autoencoder.eval().requires_grad_(False), text)


def _base_networks(config: RunConfig, model: BaseModelConfig, checkpointing: bool) -> MetaNetworks:
    if isinstance(config, AutoencoderConfig):
        raise ConfigError("the base scale's autoencoder is a pretrained one: train=region or train=clip")
    if isinstance(config, MaskDecoderConfig):
        raise ConfigError("the base scale's region is decoded by its autoencoder: train=masks is for nano")
    missing = [name for name in ARCHITECTURE if name not in model.architecture]
    if missing:
        raise ConfigError(f"model.architecture lacks {', '.join(missing)}: dry_run=true needs them all")
    vae, text, unet, schedule = (dict(model.architecture[name]) for name in ARCHITECTURE)
    autoencoder = BaseAutoencoder(vae.pop("latent_channels"), vae)
    channels, width = unet.pop("in_channels"), unet.pop("cross_attention_dim")
    unet.pop("out_channels")
    denoiser = BaseVideoDenoiser(channels, model.size // FACTOR, model.frames, width, unet, schedule)
    if checkpointing:
        denoiser.enable_gradient_checkpointing()
        autoencoder.enable_gradient_checkpointing()
    from transformers import CLIPTextConfig, CLIPTextModel

    encoder = CLIPTextModel(CLIPTextConfig(**text))
    length = int(encoder.config.max_position_embeddings)
    frozen = autoencoder.eval().requires_grad_(False)
    count = sum(parameter.numel() for parameter in encoder.parameters())
    return MetaNetworks(denoiser.train(), frozen, (length, width), count)


def loss_of(config: RunConfig, networks: MetaNetworks) -> Callable[[], Tensor]:
    """Return a loss with the networks' work of a batch; what the losses themselves compute is left out."""
    model = networks.trained
    if isinstance(config, AutoencoderConfig):
        images = _empty(config.batch_size, 3, config.crop, config.crop)
        return lambda: sum(part.float().square().mean() for part in model(images))
    if isinstance(config, MaskDecoderConfig):
        channels, cells = int(model.config["latent_channels"]), networks.cells
        latents = _empty(config.batch_size * config.frames, channels, cells, cells)
        return lambda: model(latents).float().square().mean()
    assert isinstance(config, DenoiserConfig)
    assert networks.autoencoder is not None
    clips, decoded = config.batch_size, _decoded_frames(config)
    frames, z, size = (int(model.config[name]) for name in ("frames", "latent_channels", "latent_size"))
    inputs = {
        "sample": _empty(clips, frames, z, size, size),
        "timestep": torch.zeros(clips, dtype=torch.int64, device="meta"),
        "encoder_hidden_states": _empty(clips, *networks.text),
        "context": _empty(clips, z, size, size),
        "region": _empty(clips, frames, REGION_CHANNELS, size, size),
        "appearance": _empty(clips, APPEARANCE_WIDTH),
    }
    decode = networks.autoencoder.decode

    def loss() -> Tensor:
        prediction = model(**inputs).sample.float()
        total: Tensor = prediction.square().mean()
        if decoded:
            total = total + decode(prediction[:, :decoded].flatten(0, 1)).float().square().mean()
        return total

    return loss


def _decoded_frames(config: DenoiserConfig) -> int:
    """Return how many frames of a clip are decoded in a step, for the losses on images."""
    if isinstance(config, RegionConfig):
        return config.miou_frames if config.miou_weight else 0
    assert isinstance(config, ClipConfig)
    return config.hand_structure_frames if config.hand_structure_weight else 0


def _empty(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta")

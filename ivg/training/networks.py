"""The networks of a run, of the scale that it names: our own (nano) or adapted pretrained ones (base)."""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import ConfigError
from ..models.base.denoiser import BaseVideoDenoiser
from ..models.base.pretrained import load_base_autoencoder, load_base_denoiser, load_base_text_encoder
from ..models.interfaces import FACTOR, ImageAutoencoder, TextEncoder, VideoDenoiser
from ..models.loading import load_weights
from ..models.nano.autoencoder import NanoAutoencoder
from ..models.nano.denoiser import NanoVideoDenoiser
from ..models.nano.text import MiniLMTextEncoder
from .settings import BaseModelConfig, ModelConfig


def load_autoencoder(
    model: ModelConfig | BaseModelConfig, folder: Path | None, device: torch.device
) -> ImageAutoencoder:
    """Load the frozen autoencoder: of `nano` from the weights/ folder of a run; `base` names its own."""
    if isinstance(model, BaseModelConfig):
        if folder is not None:
            raise ConfigError(
                f"autoencoder={folder} is for nano; at the base scale give model.autoencoder=NAME_OR_FOLDER"
            )
        autoencoder = load_base_autoencoder(model.autoencoder)
        if model.gradient_checkpointing:
            autoencoder.enable_gradient_checkpointing()
        return autoencoder.to(device)
    if folder is None:
        raise ConfigError("give autoencoder=FOLDER, the weights/ folder of an autoencoder run")
    own: NanoAutoencoder = load_weights(NanoAutoencoder, folder / "autoencoder")
    return own.to(device)


def load_text_encoder(model: ModelConfig | BaseModelConfig) -> TextEncoder:
    """Load the frozen text encoder, on the CPU: each distinct text is encoded once, before training."""
    return load_base_text_encoder(model.text_encoder) if isinstance(model, BaseModelConfig) else MiniLMTextEncoder()


def load_denoiser(
    model: ModelConfig | BaseModelConfig, start: Path | None, names: tuple[str, ...], size: int, text_width: int
) -> VideoDenoiser:
    """Load the denoiser that training goes on from: of `start` the first of `names` that it holds; else a new one.

    At the base scale a new one is a pretrained one. One that does not fit clips of `size` pixels and tokens of
    `text_width` is a `ConfigError`, as is a `start` that holds none.
    """
    if isinstance(model, BaseModelConfig):
        return _load_base_denoiser(model, start, names, size, text_width)
    if start is None:
        return NanoVideoDenoiser(**model.denoiser)
    own: NanoVideoDenoiser = load_weights(NanoVideoDenoiser, _held(start, names))
    return own


def _load_base_denoiser(
    model: BaseModelConfig, start: Path | None, names: tuple[str, ...], size: int, text_width: int
) -> BaseVideoDenoiser:
    if model.size != size:
        raise ConfigError(
            f"model.size is {model.size}, but the clips are {size} pixels wide: give model.size={size}, or make clips "
            f"with `ivg-dataset ... --size {model.size}`"
        )
    if start is None:
        denoiser = load_base_denoiser(model.denoiser, size // FACTOR, model.frames)
    else:
        denoiser = load_weights(BaseVideoDenoiser, _held(start, names))
    if denoiser.config["text_width"] != text_width:
        raise ConfigError(
            f"model.text_encoder={model.text_encoder!r} gives tokens of width {text_width}, but the denoiser takes "
            f"{denoiser.config['text_width']}: give the text encoder that it was trained with"
        )
    if denoiser.config["latent_size"] != size // FACTOR:
        raise ConfigError(
            f"start={start} holds a denoiser for {denoiser.config['latent_size'] * FACTOR} pixels, not {size}"
        )
    if model.gradient_checkpointing:
        denoiser.enable_gradient_checkpointing()
    return denoiser


def _held(start: Path, names: tuple[str, ...]) -> Path:
    """Return the first of the components that a folder of weights holds."""
    held = [name for name in names if (start / name).is_dir()]
    if not held:
        raise ConfigError(f"start={start} holds none of {', '.join(names)}: give the weights/ folder of a run")
    return start / held[0]

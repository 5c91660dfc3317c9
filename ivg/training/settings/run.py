"""Settings of a whole training: stage, networks, clips and folders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .stages import RunConfig


@dataclass(kw_only=True)
class DataConfig:
    """Where the training clips are.

    Attributes:
        path: A clip store that `ivg-dataset` wrote.
        cache: Folder for encoded clips; None puts it beside the store (`<path>.latents`).
        limit: Use no more than this many clips; None uses all.
    """

    path: str
    cache: str | None = None
    limit: int | None = None


@dataclass(kw_only=True)
class ModelConfig:
    """Keyword arguments of the nano scale's networks: `NanoAutoencoder`, `NanoVideoDenoiser`, `NanoMaskDecoder`."""

    kind: str = "nano"
    autoencoder: dict[str, Any] = field(default_factory=dict)
    denoiser: dict[str, Any] = field(default_factory=dict)
    mask_decoder: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class BaseModelConfig:
    """The base scale: pretrained networks, each a hub name or a folder.

    Attributes:
        autoencoder: Stable Diffusion's, or a pipeline's with one.
        text_encoder: CLIP's text encoder with its tokenizer, the one that the denoiser was trained with.
        denoiser: A text-to-video pipeline with a `UNet3DConditionModel`; its noise schedule is taken too.
        size: Height and width of the clips in pixels.
        frames: Frames of a clip.
        gradient_checkpointing: Compute activations again in the backward pass rather than keep them.
        architecture: What the networks look like, for `dry_run=true` without a download: keyword arguments by component
            ("autoencoder", "text_encoder", "denoiser", "scheduler"). Training reads it from the networks themselves.
    """

    kind: str = "base"
    autoencoder: str = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    text_encoder: str = "damo-vilab/text-to-video-ms-1.7b"
    denoiser: str = "damo-vilab/text-to-video-ms-1.7b"
    size: int = 256
    frames: int = 16
    gradient_checkpointing: bool = True
    architecture: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Run:
    """One training: stage, networks, clips, and the folders it reads and writes.

    Attributes:
        resume: Go on from the checkpoint in `output`.
        autoencoder: Folder of a trained autoencoder, for the other stages of `nano`. The autoencoder stage keeps its
            encoder and trains another decoder to it.
        start: Folder of weights that the region and the clip stage go on from, such as another run's `weights/`; the
            clip stage takes a clip stage's if it holds them, else the region stage's (D2 from D1).
        teacher: Folder of weights whose samples the region or the clip stage learns to make in one step
            (`ivg.training.stages.distillation`), and the mask decoder to turn into masks.
        device: Name of a device, or None for accelerate's choice.
    """

    train: RunConfig
    model: ModelConfig | BaseModelConfig
    data: DataConfig
    output: Path
    resume: bool = False
    autoencoder: Path | None = None
    start: Path | None = None
    teacher: Path | None = None
    device: str | None = None

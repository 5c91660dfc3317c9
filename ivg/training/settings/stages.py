"""Settings that all stages of training share, and those of the autoencoder's and the mask decoder's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ...errors import ConfigError, unknown_option

PRECISIONS = ("auto", "no", "bf16", "fp16")
OPTIMIZERS = ("muon", "adamw")
SCHEDULES = ("cosine", "flat")


class Checked:
    """What settings have to refuse values."""

    prefix: ClassVar[str] = "train."  # Before a setting's name in messages

    def _check(self, rule: str, holds: Callable[[Any], bool], *names: str) -> None:
        """Refuse the first of these values for which a rule does not hold."""
        for name in names:
            if not holds(getattr(self, name)):
                raise ConfigError(f"{self.prefix}{name} must be {rule}, got {getattr(self, name)}")

    def _check_options(self, **options: tuple[str, ...]) -> None:
        """Refuse the first value that is none of its options."""
        for name, known in options.items():
            if getattr(self, name) not in known:
                raise unknown_option(f"{self.prefix}{name}", getattr(self, name), known)


@dataclass(kw_only=True)
class RunConfig(Checked):
    """What every stage's training needs.

    Attributes:
        stage: "autoencoder", "region" (the paper's stage 1), "clip" (stage 2) or "masks" (stage 1's latents to masks).
        minutes: Stop after this wall-clock time, validation and earlier runs included.
        steps: Stop after this many optimiser steps; if given, `minutes` is ignored.
        batch_size: Samples in a batch.
        accumulate: Batches a step and process; their gradients are averaged. The same global batch (batch_size *
            accumulate * processes) gives the same training, however it is divided into `accumulate` and processes.
        learning_rate: Its peak; it follows the fraction of the training that is done.
        optimizer: "muon" or "adamw" (see `ivg.training.optimizer`).
        warmup_steps: Steps of linear warm-up.
        schedule: "cosine" falls to the end; "flat" stays up, then falls linearly.
        decay: Fraction of the training, at its end, in which "flat" falls.
        ema: Largest decay of the averaged weights, which are what is exported.
        clip_gradient: Largest norm of the gradient.
        precision: "no", "bf16", "fp16", or "auto", which is bf16 where the device computes in it itself, else "no".
        compile: Compile the network (`torch.compile`): the first step takes a minute longer, others less on a GPU.
        threads: CPU threads; 0 leaves torch's choice.
        seed: Everything random follows from it.
        log_seconds: Time between lines of the log.
        validate_minutes: Time between validations on held-out clips, each with a grid of samples.
        checkpoint_minutes: Time between checkpoints.
    """

    stage: str
    minutes: float | None = None
    steps: int | None = None
    batch_size: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    optimizer: str = "muon"
    weight_decay: float = 0.01
    warmup_steps: int = 100
    schedule: str = "flat"
    decay: float = 0.3
    ema: float = 0.998
    clip_gradient: float = 1.0
    precision: str = "auto"
    compile: bool = False
    threads: int = 0
    seed: int = 0
    log_seconds: float = 10.0
    validate_minutes: float = 3.0
    checkpoint_minutes: float = 3.0

    def __post_init__(self) -> None:
        """Validate values."""
        if self.minutes is None and self.steps is None:
            raise ConfigError("give a stop criterion: train.minutes or train.steps")
        self._check(
            "positive", lambda value: value is None or value > 0, "minutes", "steps", "batch_size", "accumulate"
        )
        self._check_options(optimizer=OPTIMIZERS, schedule=SCHEDULES, precision=PRECISIONS)


@dataclass(kw_only=True)
class AutoencoderConfig(RunConfig):
    """Training of the autoencoder.

    Attributes:
        crop: Height and width of the training crops in pixels, a multiple of 8.
        moving_fraction: Fraction of the crops that are centred on something that moves.
        mask_fraction: Fraction of the samples that are region masks instead of images: stage 1 encodes these too.
        moving_weight: How much more than elsewhere errors count on hands and moved objects.
        gradient_weight: Weight of the loss on the images' gradients.
        square_weight: Weight of the squared error.
        latent_noise: Largest spread of the noise on the latents that the decoder sees, of their own spread.
    """

    stage: str = "autoencoder"
    minutes: float | None = 25.0
    learning_rate: float = 2e-3
    warmup_steps: int = 50
    crop: int = 64
    moving_fraction: float = 0.6
    mask_fraction: float = 0.1
    moving_weight: float = 3.0
    gradient_weight: float = 1.0
    square_weight: float = 1.0
    latent_noise: float = 0.08
    schedule: str = "cosine"


@dataclass(kw_only=True)
class MaskDecoderConfig(RunConfig):
    """What turns stage 1's latents into masks.

    Attributes:
        frames: Frames of every clip, drawn anew each step.
        teacher_draws: Draws of noise a clip, of each of which stage 1 makes a sample to learn from.
    """

    stage: str = "masks"
    minutes: float | None = 8.0
    batch_size: int = 8
    learning_rate: float = 2e-3
    warmup_steps: int = 50
    schedule: str = "cosine"
    frames: int = 4
    teacher_draws: int = 1

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        self._check("positive", lambda value: value > 0, "frames", "teacher_draws")

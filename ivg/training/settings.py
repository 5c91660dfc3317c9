"""What can be set in training: one dataclass a stage, filled by hydra, which refuses unknown keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError, unknown_option
from ..losses import ALPHA, BETA
from ..models.noise import STEPS

PRECISIONS = ("auto", "no", "bf16", "fp16")
OPTIMIZERS = ("muon", "adamw")
SCHEDULES = ("cosine", "flat")
MASKS = ("annotation", "white", "prior")


@dataclass(kw_only=True)
class RunConfig:
    """What every stage's training needs.

    Attributes:
        stage: "autoencoder", "region" (the paper's stage 1), "clip" (stage 2) or "masks" (stage 1's latents to masks).
        minutes: Budget in minutes of wall clock, validation included. Learning rates follow the fraction of the
            budget that is used up, over stops and resumes.
        steps: Budget in optimiser steps; if given, `minutes` is ignored.
        batch_size: Samples in a batch.
        accumulate: Batches a step and process; their gradients are averaged. The same global batch (batch_size *
            accumulate * processes) gives the same training, however it is divided into `accumulate` and processes.
        learning_rate: Its peak.
        optimizer: "muon" or "adamw" (see `ivg.training.optimizer`).
        weight_decay: Decoupled weight decay.
        warmup_steps: Steps of linear warm-up.
        schedule: "cosine" falls to the end; "flat" stays up, then falls linearly.
        decay: Fraction of the budget, at its end, in which "flat" falls.
        ema: Largest decay of the averaged weights, which are what is exported.
        clip_gradient: Largest norm of the gradient.
        precision: accelerate's mixed precision: "no", "bf16", "fp16", or "auto", which is bf16 where the device
            computes in it itself and "no" where it does not.
        compile: Compile the network (`torch.compile`): the first step takes a minute longer, others less on a GPU.
        threads: CPU threads; 0 leaves torch's choice.
        seed: Everything random follows from it.
        log_seconds: Time between lines of the log.
        validate_minutes: Time between validations on held-out clips, each with a sample sheet.
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
            raise ConfigError("give a budget: train.minutes or train.steps")
        if (self.minutes is not None and self.minutes <= 0) or (self.steps is not None and self.steps <= 0):
            raise ConfigError(f"the budget must be positive, got minutes={self.minutes}, steps={self.steps}")
        if self.batch_size <= 0:
            raise ConfigError(f"train.batch_size must be positive, got {self.batch_size}")
        if self.accumulate <= 0:
            raise ConfigError(f"train.accumulate must be positive, got {self.accumulate}")
        for name, value, options in (
            ("train.optimizer", self.optimizer, OPTIMIZERS),
            ("train.schedule", self.schedule, SCHEDULES),
            ("train.precision", self.precision, PRECISIONS),
        ):
            if value not in options:
                raise unknown_option(name, value, options)


@dataclass(kw_only=True)
class AutoencoderConfig(RunConfig):
    """Training of the autoencoder.

    Attributes:
        crop: Height and width of the training crops in pixels, a multiple of 8.
        moving_share: Share of the crops that are centred on something that moves.
        mask_share: Share of the samples that are region masks instead of pictures: stage 1 encodes these too.
        moving_weight: How much more than elsewhere errors count on hands and moved objects.
        gradient_weight: Weight of the loss on the pictures' gradients.
        square_weight: Weight of the squared error.
        latent_noise: Largest spread of the noise on the latents that the decoder sees, of their own spread.
    """

    stage: str = "autoencoder"
    crop: int = 64
    moving_share: float = 0.6
    mask_share: float = 0.1
    moving_weight: float = 3.0
    gradient_weight: float = 1.0
    square_weight: float = 1.0
    latent_noise: float = 0.08
    schedule: str = "cosine"


@dataclass(kw_only=True)
class DenoiserConfig(RunConfig):
    """What the paper's two stages share.

    Attributes:
        huber: Width c of the pseudo-Huber loss in place of L_noise's squares, for networks that predict x_0;
            0 leaves the squares.
        noise_bias: Exponent above 1 draws high noise more often.
        background_weight: Weight of the noise loss everywhere; the paper's loss has 1 here and 0 in the three below.
        region_weight: Weight added where something changes during the clip.
        hand_weight: Weight added on hands.
        moved_weight: Weight added on moved objects.
        drop_appearance: Share of samples that are trained without the person's appearance.
        drop_text: Share of samples that are trained with a text of zeros, for sampling with classifier-free guidance.
        timesteps: Steps of the schedule, in [0, 999], that are trained, each as often as another: those that a sampler
            of few steps takes. None draws all of them by `noise_bias`.
        residual_scale: What residuals are multiplied with, of a network that this one shall go together with; None
            finds it from the clips (`ivg.models.noise`).
        sample_steps: Denoising steps of held-out samples, and what the weights are sampled with, if not told otherwise.
        extrapolation: How far the last of these steps goes beyond its guess, in [0, 1] (`ivg.models.sampler`).
        teacher_steps: Of a run with a teacher: its denoising steps, which are to be learned in one.
        teacher_draws: Of a run with a teacher: draws of noise a clip.
    """

    batch_size: int = 4
    learning_rate: float = 1e-3
    huber: float = 0.0
    noise_bias: float = 1.3
    background_weight: float = 0.25
    region_weight: float = 1.75
    hand_weight: float = 3.0
    moved_weight: float = 2.0
    drop_appearance: float = 0.05
    drop_text: float = 0.0
    timesteps: list[int] | None = None
    residual_scale: float | None = None
    sample_steps: int = 10
    extrapolation: float = 0.0
    teacher_steps: int = 1
    teacher_draws: int = 1

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        if self.timesteps is not None and (not self.timesteps or not all(0 <= t < STEPS for t in self.timesteps)):
            raise ConfigError(f"train.timesteps must hold steps in [0, {STEPS - 1}], got {self.timesteps}")
        if self.huber < 0:
            raise ConfigError(f"train.huber must be at least 0, got {self.huber}")
        if not 0 <= self.extrapolation <= 1:
            raise ConfigError(f"train.extrapolation must lie in [0, 1], got {self.extrapolation}")
        if self.residual_scale is not None and not self.residual_scale > 0:
            raise ConfigError(f"train.residual_scale must be positive, got {self.residual_scale}")
        for name in ("sample_steps", "teacher_steps", "teacher_draws"):
            if getattr(self, name) < 1:
                raise ConfigError(f"train.{name} must be 1 or more, got {getattr(self, name)}")


@dataclass(kw_only=True)
class RegionConfig(DenoiserConfig):
    """Stage 1: the region of motion (Sec. 3.1.1).

    Attributes:
        miou_weight: The paper's beta of Eq. 3.
        miou_frames: Frames of every clip, drawn anew each step, that are decoded for L_mIoU.
    """

    stage: str = "region"
    miou_weight: float = BETA
    miou_frames: int = 2


@dataclass(kw_only=True)
class MaskDecoderConfig(RunConfig):
    """What turns stage 1's latents into masks.

    Attributes:
        batch_size: Clips in a batch.
        frames: Frames of every clip, drawn anew each step.
        teacher_draws: Draws of noise a clip, of each of which stage 1 makes a sample to learn from.
    """

    stage: str = "masks"
    batch_size: int = 8
    frames: int = 4
    teacher_draws: int = 1

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        if self.frames < 1 or self.teacher_draws < 1:
            raise ConfigError(
                f"train.frames and train.teacher_draws must be positive, got {self.frames} and {self.teacher_draws}"
            )


@dataclass(kw_only=True)
class ClipConfig(DenoiserConfig):
    """Stage 2: the clip (Sec. 3.1.2).

    Attributes:
        mask: What the denoiser is told of the region: "annotation", the clip's own; "white", all of the picture, which
            is no constraint; "prior", one mask for all clips, where hands are in most of them. The last two are rows
            1 and 3 of the paper's ablation.
        drop_per_frame: Share of samples that are given the union of the region only.
        region_shift: Largest shift of a frame's region, in pixels.
        region_jitter: Share of samples whose per-frame regions come a frame early or late.
        hand_structure_weight: The paper's alpha of Eq. 6, which is 1; 0 trains without L_hand.
        hand_structure_frames: Frames of every clip, drawn anew each step from those that show a hand, that are decoded
            for L_hand.
        hand_structure_clips: Clips of a batch that L_hand looks at, of those that are not too noisy; 0 looks at all.
        hand_structure_cap: Largest gradient of L_hand to the prediction, as a multiple of that of L_noise.
    """

    stage: str = "clip"
    mask: str = "annotation"
    drop_per_frame: float = 0.15
    region_shift: int = 3
    region_jitter: float = 0.2
    hand_structure_weight: float = ALPHA
    hand_structure_frames: int = 1
    hand_structure_clips: int = 0
    hand_structure_cap: float = 5.0

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        if self.mask not in MASKS:
            raise unknown_option("train.mask", self.mask, MASKS)
        if self.hand_structure_weight < 0 or self.hand_structure_frames < 1:
            raise ConfigError(
                "train.hand_structure_weight must be at least 0 and train.hand_structure_frames at least 1, got "
                f"{self.hand_structure_weight} and {self.hand_structure_frames}"
            )
        if self.hand_structure_clips < 0:
            raise ConfigError(f"train.hand_structure_clips must be at least 0, got {self.hand_structure_clips}")
        if not self.hand_structure_cap > 0:
            raise ConfigError(f"train.hand_structure_cap must be positive, got {self.hand_structure_cap}")


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
    """Sizes of the nano scale's networks, as keyword arguments of the model classes.

    Attributes:
        kind: "nano".
        autoencoder: Of `ivg.models.nano.autoencoder.NanoAutoencoder`.
        denoiser: Of `ivg.models.nano.denoiser.NanoVideoDenoiser`.
        mask_decoder: Of `ivg.models.nano.mask_decoder.NanoMaskDecoder`.
    """

    kind: str = "nano"
    autoencoder: dict[str, Any] = field(default_factory=dict)
    denoiser: dict[str, Any] = field(default_factory=dict)
    mask_decoder: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class BaseModelConfig:
    """The base scale: pretrained networks, each a hub name or a folder.

    Attributes:
        kind: "base".
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
    autoencoder: str = ""
    text_encoder: str = ""
    denoiser: str = ""
    size: int = 256
    frames: int = 16
    gradient_checkpointing: bool = True
    architecture: dict[str, dict[str, Any]] = field(default_factory=dict)

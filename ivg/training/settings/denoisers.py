"""Settings of the paper's two stages."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import ConfigError
from ...losses import ALPHA, BETA
from ...models.noise import STEPS
from .stages import RunConfig

MASKS = ("annotation", "white", "prior")


@dataclass(kw_only=True)
class DenoiserConfig(RunConfig):
    """What the paper's two stages share.

    Attributes:
        huber: Width c of the pseudo-Huber loss in place of L_noise's squares, for networks that predict x_0, or 0.
        noise_bias: Exponent above 1 draws high noise more often.
        background_weight: Weight of the noise loss everywhere; the paper's loss has 1 here and 0 in the three below.
        region_weight: Weight added where something changes during the clip.
        hand_weight: Weight added on hands.
        moved_weight: Weight added on moved objects.
        drop_appearance: Fraction of samples that are trained without the person's appearance.
        drop_text: Fraction of samples that are trained with a text of zeros, for classifier-free guidance.
        timesteps: Steps in [0, 999] that are trained, each as often as another: those of a sampler of few steps. None
            draws all of them by `noise_bias`.
        residual_scale: What residuals are multiplied with, as in a network that this one goes together with; None
            finds it from the clips (`ivg.models.noise`).
        sample_steps: Denoising steps of held-out samples, and the weights' default in sampling.
        extrapolation: How far the last of these steps goes beyond its guess, in [0, 1] (`ivg.models.sampler`).
        teacher_steps: The teacher's denoising steps, which are to be learned in one.
        teacher_draws: The teacher's draws of noise a clip.
    """

    batch_size: int = 4
    warmup_steps: int = 50
    decay: float = 0.4
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
        self._check("at least 0", lambda value: value >= 0, "huber")
        self._check("in [0, 1]", lambda value: 0 <= value <= 1, "extrapolation")
        self._check("positive", lambda value: value is None or value > 0, "residual_scale")
        self._check("1 or more", lambda value: value >= 1, "sample_steps", "teacher_steps", "teacher_draws")


@dataclass(kw_only=True)
class RegionConfig(DenoiserConfig):
    """Stage 1: the region of motion (Sec. 3.1.1).

    Attributes:
        miou_weight: The paper's beta of Eq. 3.
        miou_frames: Frames of every clip, drawn anew each step, that are decoded for L_mIoU.
    """

    stage: str = "region"
    minutes: float | None = 20.0
    noise_bias: float = 3.0  # where the hand goes is decided at high noise: see ivg/weights/nano/README.md
    miou_weight: float = BETA
    miou_frames: int = 2


@dataclass(kw_only=True)
class RegionStudentConfig(RegionConfig):
    """Stage 1 in one step, by a lighter network that learns from a teacher: `model=nano_light teacher=WEIGHTS`."""

    batch_size: int = 8
    decay: float = 0.5
    miou_weight: float = 0.0
    drop_appearance: float = 0.0
    sample_steps: int = 1


@dataclass(kw_only=True)
class ClipConfig(DenoiserConfig):
    """Stage 2: the clip (Sec. 3.1.2).

    Attributes:
        mask: The region that the denoiser is conditioned on: "annotation", the clip's own; "white", the whole image;
            "prior", one mask for all, where hands are in most clips (the last two: rows 1 and 3 of the ablation).
        drop_per_frame: Fraction of samples that are given the union of the region only.
        region_shift: Largest shift of a frame's region, in pixels.
        region_jitter: Fraction of samples whose per-frame regions come a frame early or late.
        hand_structure_weight: The paper's alpha of Eq. 6, which is 1; 0 trains without L_hand.
        hand_structure_frames: Frames of every clip that are decoded for L_hand, drawn each step from those with a hand.
        hand_structure_clips: Clips of a batch that L_hand looks at, of those that are not too noisy; 0 looks at all.
        hand_structure_cap: Largest gradient of L_hand to the prediction, as a multiple of that of L_noise.
    """

    stage: str = "clip"
    minutes: float | None = 50.0
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
        self._check_options(mask=MASKS)
        self._check("at least 0", lambda value: value >= 0, "hand_structure_weight", "hand_structure_clips")
        self._check("positive", lambda value: value > 0, "hand_structure_frames", "hand_structure_cap")


@dataclass(kw_only=True)
class RefinerConfig(ClipConfig):
    """The last of stage 2's two steps, by a lighter network that is trained for it alone: `model=nano_medium`."""

    minutes: float | None = 30.0
    batch_size: int = 8
    decay: float = 0.6
    timesteps: list[int] | None = field(default_factory=lambda: [498])
    sample_steps: int = 2
    huber: float = 0.1

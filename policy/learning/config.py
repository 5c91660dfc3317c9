"""Settings of a policy, its data and its training; these dataclasses hold the only defaults, for hydra and Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ivg.errors import unknown_option
from ivg.training.settings import Checked, RunConfig

CONDITIONINGS = ("demo", "text", "none")
ACTIONS = ("targets", "commands")
PREDICTIONS = ("sample", "epsilon")
LOSSES = ("l1", "mse")


@dataclass(kw_only=True)
class PolicyConfig(Checked):
    """What every policy has: how it looks at the world, and the chunks of actions that it gives.

    Attributes:
        conditioning: "demo", the demonstration's tracks and gripper trajectory; "text", the task's sentence; "none".
        n_obs_steps: Steps of proprioception that it sees (T_o of Chi et al. 2023, Sec. 2.3).
        image_steps: Latest images that it sees, at most `n_obs_steps`; 2 nearly double the time of a step.
        horizon: Actions that it predicts (T_p), beginning with the first step that it sees.
        n_action_steps: Actions that it executes (T_a) before it looks again.
        actions: "targets" predicts where the end effector is to be (position control, Chi et al. 2023, Sec. 4.2), which
            becomes a command at each step; "commands" predicts the actions as they are.
        image_size: Side in pixels that images are resized to.
        image_widths: Channels of the image's network; the first layer takes patches of 4 x 4, the next ones halve.
        width: Of an encoded observation.
        demo_width: Of the tokens of `demo_layers` with `demo_heads`, one for each frame of the demonstration and each
            pose of its plan.
        keypoint_dropout: Fraction of samples trained without the hand's joints in the image, with the trajectory alone.
        phase_weight: Weight of predicting where on the demonstration's plan each step belongs ("demo" only).
    """

    prefix = "policy."
    kind: str = ""
    conditioning: str = "demo"
    n_obs_steps: int = 2
    image_steps: int = 1
    horizon: int = 16
    n_action_steps: int = 8
    actions: str = "targets"
    image_size: int = 64
    image_widths: list[int] = field(default_factory=lambda: [32, 64, 128])
    width: int = 128
    demo_width: int = 64
    demo_layers: int = 2
    demo_heads: int = 4
    keypoint_dropout: float = 0.3
    phase_weight: float = 1.0

    def __post_init__(self) -> None:
        """Validate values."""
        if self.conditioning not in CONDITIONINGS:
            raise unknown_option("conditioning", self.conditioning, CONDITIONINGS)
        self._check_options(actions=ACTIONS)
        seen, longest = self.n_obs_steps, self.horizon - self.n_obs_steps + 1
        self._check(f"from 1 to n_obs_steps ({seen})", lambda value: 1 <= value <= seen, "image_steps")
        rule = f"from 1 to horizon - n_obs_steps + 1 ({longest})"
        self._check(rule, lambda value: 1 <= value <= longest, "n_action_steps")
        smallest = 4 * 2 ** (len(self.image_widths) - 1)
        self._check(f"a multiple of {smallest}", lambda value: smallest >= 4 and value % smallest == 0, "image_size")


@dataclass(kw_only=True)
class DiffusionConfig(PolicyConfig):
    """A diffusion policy (Chi et al. 2023).

    Attributes:
        widths: Channels of the temporal U-Net, one for each length; each halves the horizon.
        diffusion_steps: Of training (K).
        inference_steps: DDIM steps (Song et al. 2021) when it acts.
        beta_schedule: diffusers' name of the noise schedule; the paper's is the squared cosine.
        prediction: "epsilon", the noise (the paper's Eq. 5), or "sample", the actions, which needs fewer steps.
        noise_samples: Noisy chunks trained on for each observation: an image is encoded once for all of them.
    """

    kind: str = "diffusion"
    widths: list[int] = field(default_factory=lambda: [64, 128])
    diffusion_steps: int = 100
    inference_steps: int = 8
    beta_schedule: str = "squaredcos_cap_v2"
    prediction: str = "sample"
    noise_samples: int = 2

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        self._check_options(prediction=PREDICTIONS)
        shortest, most = 2 ** (len(self.widths) - 1), self.diffusion_steps
        self._check(f"a multiple of {shortest}", lambda value: value % shortest == 0, "horizon")
        self._check(f"from 1 to diffusion_steps ({most})", lambda value: 1 <= value <= most, "inference_steps")
        self._check("positive", lambda value: value > 0, "noise_samples")


@dataclass(kw_only=True)
class BehaviourCloningConfig(PolicyConfig):
    """Behaviour cloning: regression of the chunk by `layers` of width `hidden`; the loss is "l1" or "mse"."""

    kind: str = "behaviour_cloning"
    hidden: int = 512
    layers: int = 2
    loss: str = "l1"

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        self._check_options(loss=LOSSES)


POLICIES: dict[str, type[PolicyConfig]] = {"diffusion": DiffusionConfig, "behaviour_cloning": BehaviourCloningConfig}


@dataclass(kw_only=True)
class PolicyTraining(RunConfig):
    """Training of a policy.

    Attributes:
        image_shift: Largest shift of the images, pixels of `image_size` (Kostrikov et al. 2021, DrQ).
        brightness: Largest change of brightness and contrast, as a fraction.
    """

    stage: str = "policy"
    steps: int | None = 6000  # or a time: steps=None, minutes=12
    batch_size: int = 64
    optimizer: str = "adamw"
    schedule: str = "cosine"
    ema: float = 0.995
    precision: str = "no"
    threads: int = 1
    validate_minutes: float = 2.0
    checkpoint_minutes: float = 2.0
    image_shift: int = 4
    brightness: float = 0.1

    def __post_init__(self) -> None:
        """Validate values."""
        super().__post_init__()
        self._check("at least 0", lambda value: value >= 0, "image_shift")
        self._check("in [0, 1)", lambda value: 0 <= value < 1, "brightness")


@dataclass(kw_only=True)
class EpisodeData:
    """Where the robot episodes are.

    Attributes:
        path: A dataset of robot episodes, `*.zarr` or `*.zarr.zip`.
        cache: Folder for the mapped images, which several trainings share; None reads them into memory.
        limit: Use no more than the first so many successful episodes; None uses all.
        tasks: Only episodes of these tasks; None uses all.
    """

    path: str
    cache: str | None = None
    limit: int | None = None
    tasks: list[str] | None = None


@dataclass(kw_only=True)
class PolicyRun:
    """One training of a policy; `resume` goes on from the checkpoint in `output`; None is accelerate's device."""

    policy: PolicyConfig
    train: PolicyTraining
    data: EpisodeData
    output: Path
    resume: bool = False
    device: str | None = "cpu"

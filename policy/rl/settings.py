"""Settings of reinforcement learning; these are the only defaults, for hydra and Python alike."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from ivg.data.split import HELD_OUT_SEEDS
from ivg.errors import ConfigError, unknown_option
from ivg.training.settings import Checked

KIND = "sb3"
ALGORITHMS = ("sac", "td3", "ppo")
REWARDS = ("tracking", "sparse", "goals")
TRAJECTORIES = ("demo_plan", "demo_path")

_SAC: dict[str, Any] = {"learning_rate": 1e-3, "batch_size": 256, "buffer_size": 100_000, "learning_starts": 1000}
_SAC |= {"train_freq": 1, "gradient_steps": 1, "tau": 0.01}
_PPO = {"learning_rate": 3e-4, "n_steps": 512, "batch_size": 128, "n_epochs": 10, "gae_lambda": 0.95, "ent_coef": 0.0}
_HINDSIGHT = {"n_sampled_goal": 4, "goal_selection_strategy": "future"}

LEARNERS: dict[str, dict[str, Any]] = {  # arguments of the algorithms' classes where settings give none
    "sac": {**_SAC, "ent_coef": "auto_0.02"},  # shaping pays some 0.02 a step, which more randomness would drown
    "ppo": _PPO,
    "td3": {},
}

PRESETS: dict[str, dict[str, Any]] = {  # options of ``policy=``: settings that differ from the defaults
    "sb3_sac": {},
    "sb3_her": {"reward": "goals"},
    "sb3_ppo": {"algorithm": "ppo", "steps": 200_000, "environments": 2},
}

# arguments of a learner that other settings give
_OURS = {"policy", "env", "policy_kwargs", "seed", "gamma", "device", "verbose", "replay_buffer_class", "self"}


@dataclass(kw_only=True)
class ReinforcementSettings(Checked):
    """How a policy is trained.

    Attributes:
        algorithm: "sac", "td3" or "ppo" of stable-baselines3.
        reward: "tracking" adds potential-based shaping along the demonstrated trajectory to the task's reward; "sparse"
            is the task's alone; "goals" rewards reaching waypoints, with hindsight experience replay (sac, td3).
        steps: The policy's steps in all.
        seed: Of networks, exploration and the order of the scenes.
        gamma: Discount of the policy's step, in (0, 1]; the shaping uses the same.
        follow: The trajectory that is rewarded: "demo_plan", a gripper's in place of the hand, or "demo_path", its own.
        tracking_weight: Of the shaping.
        reach_m: Within this distance a waypoint counts as passed, m.
        lookahead: How many waypoints ahead may be passed at once.
        observe: What the policy sees; ``image`` needs an environment that observes images.
        scenes: How many training scenes, with seeds from `first_scene` on.
        evaluation_scenes: How many held-out scenes, with seeds from `first_evaluation_scene` on, each evaluation plays.
        repeat: Environment's steps for each of the policy's: at 20 Hz, 2 let it decide 10 times a second.
        fixed_rotation: Whether the policy moves and grasps but does not rotate the gripper: 4 actions instead of 7.
        environments: That are played at once; more than one, each in a process of its own.
        evaluate_every: The policy's steps between evaluations, each with a row of the curve and a checkpoint.
        net_arch: Widths of the layers after the features.
        features: Arguments of `DemoFeaturesExtractor`.
        learner: Arguments of the algorithm's class in stable-baselines3; those of `LEARNERS` if empty.
        threads: CPU threads of torch; 0 leaves its choice.
    """

    prefix = "policy."
    kind: str = KIND
    algorithm: str = "sac"
    reward: str = "tracking"
    steps: int = 40_000
    seed: int = 0
    gamma: float = 0.97
    follow: str = "demo_plan"
    tracking_weight: float = 1.0
    reach_m: float = 0.02
    lookahead: int = 2
    observe: list[str] = field(default_factory=lambda: ["proprio", "demo_plan"])
    scenes: int = 32
    first_scene: int = 0
    evaluation_scenes: int = 10
    first_evaluation_scene: int = HELD_OUT_SEEDS
    repeat: int = 2
    fixed_rotation: bool = True
    environments: int = 1
    evaluate_every: int = 2_500
    net_arch: list[int] = field(default_factory=lambda: [256, 256])
    features: dict[str, Any] = field(default_factory=lambda: {"frame_features": 0, "ahead": 4})
    learner: dict[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        """Validate ranges and names."""
        self._check_options(kind=(KIND,), algorithm=ALGORITHMS, reward=REWARDS, follow=TRAJECTORIES)
        positive = ("steps", "scenes", "evaluation_scenes", "repeat", "environments", "evaluate_every")
        self._check("positive", lambda value: value > 0, *positive)
        self._check("in (0, 1]", lambda value: 0 < value <= 1, "gamma")
        if self.reward == "goals" and self.algorithm == "ppo":
            raise ConfigError("reward 'goals' replays transitions with other goals, which ppo cannot: use sac or td3")
        if {"proprio", self.follow} - set(self.observe):
            raise ConfigError(f"observe must hold proprio and {self.follow}, which is followed, got {self.observe}")
        if self.first_scene + self.scenes > self.first_evaluation_scene:
            raise ConfigError("the scenes of training and evaluation overlap: first_evaluation_scene is too small")
        if not self.learner:
            replay = {"replay_buffer_kwargs": dict(_HINDSIGHT)} if self.reward == "goals" else {}
            self.learner = {**LEARNERS[self.algorithm], **replay}

    @property
    def training_scenes(self) -> range:
        """Seeds of the scenes to train on."""
        return range(self.first_scene, self.first_scene + self.scenes)

    @property
    def held_out_scenes(self) -> range:
        """Seeds of the scenes to evaluate on."""
        return range(self.first_evaluation_scene, self.first_evaluation_scene + self.evaluation_scenes)


def check_learner(kind: type, arguments: dict[str, Any]) -> None:
    """Refuse arguments that a learner's class does not take, or that other settings give (`InputError`)."""
    allowed = sorted(set(inspect.signature(kind).parameters) - _OURS)
    for name in arguments:
        if name not in allowed:
            raise unknown_option(f"setting of {kind.__name__}", name, allowed)

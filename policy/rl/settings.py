"""What can be set in reinforcement learning; filled by hydra, which refuses unknown keys."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from ivg.data.split import HELD_OUT_SEEDS
from ivg.errors import ConfigError, unknown_option

KIND = "sb3"
ALGORITHMS = ("sac", "td3", "ppo")
REWARDS = ("tracking", "sparse", "goals")
WAYS = ("demo_plan", "demo_path")

_OURS = {"policy", "env", "policy_kwargs", "seed", "gamma", "device", "verbose", "replay_buffer_class", "self"}
"""Arguments of a learner that other settings give."""


@dataclass(kw_only=True)
class ReinforcementSettings:
    """How a policy is trained.

    Attributes:
        kind: "sb3": what tells these settings from those of policies that are trained on episodes.
        algorithm: "sac", "td3" or "ppo" of stable-baselines3.
        reward: "tracking" adds potential-based shaping along the demonstrated path to the task's reward; "sparse" is
            the task's alone, on the same observations; "goals" rewards reaching waypoints, with hindsight experience
            replay (sac, td3).
        steps: The policy's steps in all.
        seed: Of networks, exploration and the order of the scenes.
        gamma: Discount of the policy's step, in (0, 1]; the shaping uses the same.
        follow: The way that is rewarded: "demo_plan", of a gripper in the hand's place, or "demo_path", the hand's own.
        tracking_weight: Of the shaping.
        reach_m: Within this distance a waypoint counts as passed, m.
        lookahead: How many waypoints ahead may be passed at once.
        observe: What the policy sees; ``image`` needs an environment that observes pictures.
        scenes: Training's scenes have the seeds `first_scene` up to `first_scene + scenes`.
        first_scene: See there.
        evaluation_scenes: How many held-out scenes, from `first_evaluation_scene` on, each evaluation plays.
        first_evaluation_scene: See there.
        repeat: Environment's steps for each of the policy's: at 20 Hz, 2 let it decide 10 times a second.
        fixed_rotation: Whether the policy moves and grasps but does not turn the gripper: 4 actions instead of 7.
        environments: That are played at once; more than one, each in a process of its own.
        evaluate_every: The policy's steps between evaluations, each with a row of the curve and a checkpoint.
        net_arch: Widths of the layers after the features.
        features: Arguments of `DemoFeaturesExtractor`.
        learner: Arguments of the algorithm's class in stable-baselines3.
        device: Where torch computes.
        threads: CPU threads of torch; 0 leaves its choice.

    Raises:
        ConfigError: If a value is out of its range.
        InputError: If a name is unknown.
    """

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
    features: dict[str, Any] = field(default_factory=dict)
    learner: dict[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        """Validate ranges and names."""
        for name, options in (("kind", (KIND,)), ("algorithm", ALGORITHMS), ("reward", REWARDS), ("follow", WAYS)):
            if getattr(self, name) not in options:
                raise unknown_option(name, getattr(self, name), options)
        positive = ("steps", "scenes", "evaluation_scenes", "repeat", "environments", "evaluate_every")
        for name in positive:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.gamma <= 1:
            raise ConfigError(f"gamma must lie in (0, 1], got {self.gamma}")
        if self.reward == "goals" and self.algorithm == "ppo":
            raise ConfigError("reward 'goals' replays transitions with other goals, which ppo cannot: use sac or td3")
        if {"proprio", self.follow} - set(self.observe):
            raise ConfigError(f"observe must hold proprio and {self.follow}, which is followed, got {self.observe}")
        if self.first_scene + self.scenes > self.first_evaluation_scene:
            raise ConfigError("the scenes of training and evaluation overlap: first_evaluation_scene is too small")

    @property
    def training_scenes(self) -> range:
        """Seeds of the scenes to train on."""
        return range(self.first_scene, self.first_scene + self.scenes)

    @property
    def held_out_scenes(self) -> range:
        """Seeds of the scenes to evaluate on."""
        return range(self.first_evaluation_scene, self.first_evaluation_scene + self.evaluation_scenes)


def check_learner(kind: type, arguments: dict[str, Any]) -> None:
    """Refuse arguments that a learner's class does not take, or that other settings give.

    Raises:
        InputError: With the nearest name.
    """
    allowed = sorted(set(inspect.signature(kind).parameters) - _OURS)
    for name in arguments:
        if name not in allowed:
            raise unknown_option(f"setting of {kind.__name__}", name, allowed)

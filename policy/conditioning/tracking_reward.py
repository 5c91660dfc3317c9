"""A gymnasium wrapper: reward for following the demonstration that leaves the optimal policy unchanged."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import ConfigError, InputError

from .observation import PLAN_KEY, is_demonstrated
from .progress import TrajectoryProgress, distance_potential, shaping

Observation = dict[str, NDArray[Any]]
PROGRESS_KEY = "demo_progress"
POSE_SIZE = 8  # numbers at the start of ``proprio``, the gripper's pose: position (m), quaternion wxyz, opening


class DemoTrackingReward(gym.Wrapper[Observation, Any, Observation, Any]):
    """Adds potential-based shaping along the demonstrated trajectory to the environment's reward.

    The reward is ``r + weight * (gamma * Phi(s') - Phi(s))``, see `progress.shaping`. Phi is the fraction of the
    trajectory that the gripper has passed; it depends on the target waypoint, which never falls. That makes it no
    function of the robot's state alone, so the state is augmented: ``obs["demo_progress"]``, float32 (2,), holds the
    fraction of waypoints passed and Phi. On the augmented state the process is Markov and Phi a function of it, as the
    theorem asks for. gamma has to be the learner's.

    Without a demonstration (zeros), Phi is 0 and so is the shaping. ``info["task_reward"]`` and
    ``info["shaping_reward"]`` have the parts.

    Args:
        env: Observes the trajectory and ``proprio``, whose first 8 numbers are the gripper's pose.
        trajectory_key: "demo_plan", of a gripper in the hand's place, or "demo_path", the hand's own.
        gamma: The learner's discount, in (0, 1].
        weight: Of the shaping; 0 adds the observation alone, so that rewards can be compared on the same observation.
        progress: How the gripper is followed.

    Raises:
        InputError: If observations lack a key.
        ConfigError: If gamma or weight is out of its range.
    """

    def __init__(
        self,
        env: gym.Env[Observation, Any],
        *,
        gamma: float,
        trajectory_key: str = PLAN_KEY,
        weight: float = 1.0,
        progress: TrajectoryProgress | None = None,
    ) -> None:
        super().__init__(env)
        if not 0 < gamma <= 1 or weight < 0:
            raise ConfigError(f"gamma must lie in (0, 1] and weight must not be negative, got {gamma} and {weight}")
        spaces = check_keys(env, (trajectory_key, "proprio"))
        self.trajectory_key = trajectory_key
        self.gamma, self.weight, self.progress = gamma, weight, progress or TrajectoryProgress()
        box = gym.spaces.Box(np.array([0.0, -1e3], np.float32), np.array([1.0, 1.0], np.float32), dtype=np.float32)
        self.observation_space: gym.Space[Any] = gym.spaces.Dict({**spaces, PROGRESS_KEY: box})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start at the trajectory's beginning."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._trajectory = observation[self.trajectory_key]
        self._index = np.zeros((), np.int64)
        pose = observation["proprio"][:POSE_SIZE]
        self._total_m = self.progress.distance_left_m(self._trajectory, pose, self._index)
        self._potential = self._follow(observation)
        return self._observe(observation), info

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Act, and add the shaping to the reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        before, self._potential = self._potential, self._follow(observation)
        added = self.weight * float(shaping(before, self._potential, self.gamma, terminated))
        parts = {"task_reward": float(reward), "shaping_reward": added}
        return self._observe(observation), float(reward) + added, terminated, truncated, {**info, **parts}

    @property
    def potential(self) -> float:
        """Weight * Phi of the current state."""
        return self.weight * self._potential

    def _follow(self, observation: Observation) -> float:
        if not is_demonstrated(self._trajectory):
            return 0.0
        pose = observation["proprio"][:POSE_SIZE]
        self._index = self.progress.advance(self._trajectory, pose, self._index)
        left = self.progress.distance_left_m(self._trajectory, pose, self._index)
        return float(distance_potential(left, self._total_m))

    def _observe(self, observation: Observation) -> Observation:
        fraction = float(self._index) / max(len(self._trajectory) - 1, 1)
        return {**observation, PROGRESS_KEY: np.array([fraction, max(self._potential, -1e3)], np.float32)}


def check_keys(env: gym.Env[Any, Any], keys: tuple[str, ...]) -> dict[str, gym.Space[Any]]:
    """Return the spaces of an environment's Dict observation.

    Raises:
        InputError: If it is no Dict or lacks one of the keys.
    """
    space = env.observation_space
    spaces = space.spaces if isinstance(space, gym.spaces.Dict) else {}
    lacking = [key for key in keys if key not in spaces]
    if lacking:
        raise InputError(
            f"observations lack {', '.join(lacking)}: they need {', '.join(keys)}; VideoDemoWrapper adds what begins "
            "with demo_ (see its keys)"
        )
    return dict(spaces)

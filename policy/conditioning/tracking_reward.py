"""Progress of a gripper along a demonstrated trajectory, and a gymnasium wrapper that rewards it.

The reward leaves the optimal policy unchanged. A trajectory is float (..., t, 8), a gripper's pose (..., 8): position
(m), quaternion wxyz, opening in [0, 1]; `...` are batch axes. Rotations are not compared: a hand's wrist and a robot's
flange reach the same point differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import ConfigError, InputError

from .observation import PLAN_KEY, is_demonstrated

Observation = dict[str, NDArray[Any]]
Array = NDArray[np.float64]
Floats = NDArray[np.floating]
PROGRESS_KEY = "demo_progress"
POSE_SIZE = 8  # numbers at the start of ``proprio``, the gripper's pose: position (m), quaternion wxyz, opening


@dataclass(frozen=True, kw_only=True)
class TrajectoryProgress:
    """Follows a gripper along a trajectory.

    Attributes:
        reach_m: A waypoint counts as passed within this distance, m.
        lookahead: How many waypoints from the target on may be passed at once, at least 1. A trajectory that returns
            to a position (stirring, wiping) has to be followed in order.
        opening_weight_m: How many metres a whole opening of the gripper counts.
        opening_scale: The robot's opening for the trajectory's opening of 1; 1.375 for the trajectory of a hand that
            opens 11 cm and a gripper that opens 8 cm.

    Raises:
        ConfigError: If a value is out of its range.
    """

    reach_m: float = 0.02
    lookahead: int = 2
    opening_weight_m: float = 0.05
    opening_scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.reach_m > 0 or self.lookahead < 1 or self.opening_weight_m < 0 or not self.opening_scale > 0:
            raise ConfigError(
                "reach_m and opening_scale must be positive, lookahead at least 1, opening_weight_m at least 0, got "
                f"{self.reach_m}, {self.opening_scale}, {self.lookahead}, {self.opening_weight_m}"
            )

    def waypoints(self, trajectory: Floats) -> Array:
        """Return (..., t, 4): positions (m) and the robot's opening, weighted to metres."""
        opening = np.clip(trajectory[..., 7:] * self.opening_scale, 0, 1)
        return np.concatenate([trajectory[..., :3], self.opening_weight_m * opening], -1).astype(np.float64)

    def position(self, pose: Floats) -> Array:
        """Return (..., 4): the position of a robot's gripper, in the units of `waypoints`."""
        return np.concatenate([pose[..., :3], self.opening_weight_m * pose[..., 7:8]], -1).astype(np.float64)

    def advance(self, trajectory: Floats, pose: Floats, index: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the target waypoint, int (...), after the gripper has reached a pose; it never falls below `index`."""
        last = trajectory.shape[-2] - 1
        away = np.linalg.norm(self.waypoints(trajectory) - self.position(pose)[..., None, :], axis=-1)
        target: NDArray[np.int64] = np.asarray(index, np.int64)
        while True:
            ahead = np.arange(last + 1) - target[..., None]
            passed = (away <= self.reach_m) & (ahead >= 0) & (ahead < self.lookahead)
            after = np.where(passed, np.arange(last + 1) + 1, 0).max(-1)
            moved = np.minimum(np.maximum(target, after), last).astype(np.int64)
            if np.array_equal(moved, target):
                return target
            target = moved

    def distance_left_m(self, trajectory: Floats, pose: Floats, index: NDArray[np.integer]) -> Array:
        """Return (...): metres to the target waypoint, and from there along the trajectory to its end."""
        points = self.waypoints(trajectory)
        steps = np.linalg.norm(np.diff(points, axis=-2), axis=-1)
        tail = np.cumsum(steps[..., ::-1], -1)[..., ::-1]
        tail = np.concatenate([tail, np.zeros((*tail.shape[:-1], 1))], -1)
        target = np.take_along_axis(points, np.asarray(index)[..., None, None], -2)[..., 0, :]
        rest = np.take_along_axis(tail, np.asarray(index)[..., None], -1)[..., 0]
        return np.asarray(np.linalg.norm(target - self.position(pose), axis=-1) + rest)


def distance_potential(distance_left_m: Floats | float, total_m: Floats | float) -> Array:
    """Return the potential: 0 with `total_m` left (at the start), 1 at the end, below 0 farther than at the start."""
    return np.asarray(1.0 - np.asarray(distance_left_m) / np.maximum(total_m, 1e-6), np.float64)


def shaping(
    potential: Floats | float, next_potential: Floats | float, gamma: float, terminated: NDArray[np.bool_] | bool
) -> Array:
    """Return F = gamma * Phi(s') - Phi(s), with Phi = 0 in terminal states.

    Potential-based shaping leaves every policy's rank, and so the optimum, unchanged: Ng, Harada and Russell, "Policy
    invariance under reward transformations", ICML 1999, Theorem 1. In episodic tasks the terminal states' potential
    has to be 0: Grzes, "Reward shaping in episodic reinforcement learning", AAMAS 2017. After a truncated episode
    (time limit) the learner goes on from s' by its own estimate: there Phi(s') counts.
    """
    return np.asarray(gamma * np.where(terminated, 0.0, next_potential) - potential, np.float64)


class DemoTrackingReward(gym.Wrapper[Observation, Any, Observation, Any]):
    """Adds potential-based shaping along the demonstrated trajectory to the environment's reward.

    The reward is ``r + weight * (gamma * Phi(s') - Phi(s))``, see `shaping`. Phi is the fraction of the
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
    """Return the spaces of an environment's observation; an `InputError` if it is no Dict or lacks one of the keys."""
    space = env.observation_space
    spaces = space.spaces if isinstance(space, gym.spaces.Dict) else {}
    lacking = [key for key in keys if key not in spaces]
    if lacking:
        raise InputError(
            f"observations lack {', '.join(lacking)}: they need {', '.join(keys)}; VideoDemoWrapper adds what begins "
            "with demo_ (see its keys)"
        )
    return dict(spaces)

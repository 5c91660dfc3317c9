"""A gymnasium wrapper: waypoints of the demonstrated trajectory as goals, for hindsight experience replay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import ConfigError, unknown_option

from .observation import PLAN_KEY, is_demonstrated
from .tracking_reward import POSE_SIZE, TrajectoryProgress, check_keys

Observation = dict[str, NDArray[Any]]
SCHEDULES = ("one", "sequence")


class DemoGoalWrapper(gym.Wrapper[Observation, Any, Observation, Any]):
    """Turns waypoints of the demonstrated trajectory into goals, in the form that goal-conditioned learners expect.

    Observations become ``observation`` (float32, the chosen keys in one row), ``achieved_goal`` and ``desired_goal``
    (float32 (4,): the gripper's position in m, and its opening weighted to metres). `compute_reward` takes batches, so
    that stable-baselines3's ``HerReplayBuffer`` can exchange goals (Andrychowicz et al., "Hindsight Experience Replay",
    NeurIPS 2017). The reward is 0 where the goal is reached, else -1; ``info["goal_reached"]`` says so, and
    ``info["is_success"]`` stays the task's.

    With the schedule "one" an episode has one goal, a waypoint drawn at random: to train with. With "sequence" the next
    waypoint becomes the goal when one is passed: to follow the trajectory with the trained policy. Without a
    demonstration the goal is the gripper's position at the start.

    Args:
        env: Observes the trajectory and ``proprio``, whose first 8 numbers are the gripper's pose.
        schedule: "one" or "sequence".
        trajectory_key: "demo_plan" or "demo_path", as in `DemoTrackingReward`.
        keys: What ``observation`` is made of.
        progress: Its `reach_m` says when a goal is reached.

    Raises:
        InputError: If observations lack a key, or the schedule is unknown.
        ConfigError: If `keys` is empty.
    """

    def __init__(
        self,
        env: gym.Env[Observation, Any],
        *,
        schedule: str = "one",
        trajectory_key: str = PLAN_KEY,
        keys: Sequence[str] = ("proprio",),
        progress: TrajectoryProgress | None = None,
    ) -> None:
        super().__init__(env)
        if schedule not in SCHEDULES:
            raise unknown_option("schedule", schedule, SCHEDULES)
        if not keys:
            raise ConfigError("keys must name at least one part of the observation")
        spaces = check_keys(env, (*keys, trajectory_key, "proprio"))
        self.trajectory_key, self.schedule, self.keys = trajectory_key, schedule, tuple(keys)
        self.progress = progress or TrajectoryProgress()
        size = sum(int(np.prod(spaces[key].shape or ())) for key in keys)
        goal = gym.spaces.Box(-np.inf, np.inf, (4,), np.float32)
        flat = gym.spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.observation_space: gym.Space[Any] = gym.spaces.Dict(
            {"observation": flat, "achieved_goal": goal, "desired_goal": goal}
        )
        self._rng = np.random.default_rng()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset, and choose the first goal."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        observation, info = self.env.reset(seed=seed, options=options)
        trajectory = observation[self.trajectory_key]
        self._trajectory = trajectory if is_demonstrated(trajectory) else None
        self._start = self._achieved(observation)
        self._index = np.zeros((), np.int64)
        if self._trajectory is not None and self.schedule == "one":
            self._index = np.asarray(self._rng.integers(len(self._trajectory)))
        self._advance(observation)
        return self._observe(observation), info

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Act; the reward is that of the goal before the step."""
        observation, _, terminated, truncated, info = self.env.step(action)
        reward = self.compute_reward(self._achieved(observation), self._goal, info)
        self._advance(observation)
        info = {**info, "goal_reached": bool(reward == 0)}
        return self._observe(observation), float(reward), terminated, truncated, info

    def compute_reward(
        self, achieved_goal: NDArray[np.floating], desired_goal: NDArray[np.floating], info: Any
    ) -> NDArray[np.float32]:
        """Return float32 (...): 0 where goals (..., 4) are reached, else -1; `info` is not used."""
        away = np.linalg.norm(np.asarray(achieved_goal) - np.asarray(desired_goal), axis=-1)
        return np.asarray(-(away > self.progress.reach_m).astype(np.float32))

    @property
    def _goal(self) -> NDArray[np.float32]:
        if self._trajectory is None:
            return self._start
        return self.progress.waypoints(self._trajectory)[int(self._index)].astype(np.float32)

    def _advance(self, observation: Observation) -> None:
        if self._trajectory is not None and self.schedule == "sequence":
            self._index = self.progress.advance(self._trajectory, observation["proprio"][:POSE_SIZE], self._index)

    def _achieved(self, observation: Observation) -> NDArray[np.float32]:
        return self.progress.position(observation["proprio"][:POSE_SIZE]).astype(np.float32)

    def _observe(self, observation: Observation) -> Observation:
        row = np.concatenate([np.ravel(observation[key]) for key in self.keys]).astype(np.float32)
        return {"observation": row, "achieved_goal": self._achieved(observation), "desired_goal": self._goal.copy()}

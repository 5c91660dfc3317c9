"""Progress of a gripper along a trajectory: distance, potential, shaping. Works on batches.

A trajectory is float (..., t, 8), a gripper's pose (..., 8): position (m), quaternion wxyz, opening in [0, 1]; `...`
are batch axes. Rotations are not compared: a hand's wrist and a robot's flange reach the same point differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.errors import ConfigError

Array = NDArray[np.float64]
Floats = NDArray[np.floating]


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

"""Lets a robot follow a plan by operational-space actions, with the end effector's pose as feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.errors import InputError

from ..evaluation.rollout import Steps, run_episode
from .planning import Array, GripperPlan

POSITION, QUATERNION = slice(0, 3), slice(3, 7)  # of the end effector in `proprio`: m, and wxyz


@dataclass(frozen=True)
class ActionScale:
    """Size of an action of 1 (translation and rotation of one step), and the rate of actions."""

    translation_m: float = 0.05
    rotation_rad: float = 0.5
    rate_hz: float = 20.0


@dataclass(eq=False, repr=False)
class TrajectoryTracker:
    """Moves a gripper along a plan: a reference moves ahead through the goals and waits for a gripper that lags.

    Actions are (7,): translation, rotation (axis-angle), gripper (-1 opens, 1 closes).
    """

    plan: GripperPlan
    scale: ActionScale = ActionScale()
    _: KW_ONLY
    gain: float = 1.4  # fraction of the pose error that one action asks for
    lead_m: float = 0.03  # how far the reference may be ahead of the gripper
    tolerance_m: float = 0.006  # how near a goal with a dwell must be reached
    patience_s: float = 1.5  # how long to wait for that before the plan goes on all the same
    fraction_done: float = field(default=0.0, init=False)  # as `GripperPlan.fraction_done` counts; it never falls

    def __post_init__(self) -> None:
        self.scale = self.scale or ActionScale()
        self._goal, self._fractions = 0, self.plan.fraction_done
        self._reference: Array | None = None
        self._yaw = self._half_turns = 0.0
        self._waited_s = self._stayed_s = 0.0

    @property
    def done(self) -> bool:
        """Whether all goals were visited."""
        return self._goal >= len(self.plan)

    @property
    def phase(self) -> float:
        """The moment of the demonstration, in [0, 1], that the present goal belongs to."""
        return float(self.plan.phase[min(self._goal, len(self.plan) - 1)])

    def act(self, position: NDArray[np.floating], quaternion: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the next action, float32 (7,) in [-1, 1].

        The end effector is at a position (3,), m; x of its quaternion (4,), wxyz, is the closing direction.
        """
        position, quaternion = np.asarray(position, np.float64), np.asarray(quaternion, np.float64)
        orientation = Rotation.from_quat(quaternion[[1, 2, 3, 0]])
        if self._reference is None:
            x = orientation.as_matrix()[:, 0]
            self._reference, self._yaw = position.copy(), float(np.arctan2(x[1], x[0]))
            # The fingers are alike: of angles half a turn apart, take the one nearest to the present angle.
            middle = 0.5 * (self.plan.yaw_rad.min() + self.plan.yaw_rad.max())
            self._half_turns = np.pi * np.round((self._yaw - middle) / np.pi)
        self._advance(position)
        goal = min(self._goal, len(self.plan) - 1)
        self.fraction_done = max(self.fraction_done, self._fraction_at(goal))
        action = np.zeros(7)
        action[:3] = self.gain * (self._reference - position) / self.scale.translation_m
        action[3:6] = self.gain * (_pointing_down(self._yaw) * orientation.inv()).as_rotvec() / self.scale.rotation_rad
        action[6] = 1.0 if self.plan.closed[goal] else -1.0
        return np.clip(action, -1.0, 1.0).astype(np.float32)

    def _fraction_at(self, goal: int) -> float:
        """Return how much of the plan is done where the reference is, between the goal before and this one."""
        assert self._reference is not None
        before, points = max(goal - 1, 0), self.plan.pos_world_m
        length = float(np.linalg.norm(points[goal] - points[before]))
        left = float(np.linalg.norm(points[goal] - self._reference))
        done = 1.0 if left < 1e-9 else max(0.0, 1.0 - left / length) if length > 1e-9 else 0.0
        return float(self._fractions[before] + done * (self._fractions[goal] - self._fractions[before]))

    def _advance(self, position: Array) -> None:
        """Move the reference for the time of one step, past as many goals as that reaches."""
        assert self._reference is not None
        left_s = 1.0 / self.scale.rate_hz
        while left_s > 1e-9 and not self.done:
            goal, speed = self.plan.pos_world_m[self._goal], self.plan.speed_m_s[self._goal]
            offset, turn = goal - self._reference, self.plan.yaw_rad[self._goal] + self._half_turns - self._yaw
            needed_s = max(float(np.linalg.norm(offset)) / speed, abs(turn) / (8 * speed))
            if needed_s > 1e-9:
                if np.linalg.norm(self._reference - position) > self.lead_m and self._waited_s < self.patience_s:
                    self._waited_s += left_s
                    return
                fraction = min(1.0, left_s / needed_s)
                self._reference, self._yaw = self._reference + fraction * offset, self._yaw + fraction * turn
                left_s -= fraction * needed_s
                self._waited_s = max(0.0, self._waited_s - 0.5 * fraction * needed_s)
                continue
            left_s = self._stay(goal, position, left_s)

    def _stay(self, goal: Array, position: Array, left_s: float) -> float:
        """Spend time at a goal that the reference has reached; returns the time that is left."""
        dwell = float(self.plan.dwell_s[self._goal])
        near = float(np.linalg.norm(goal - position)) <= self.tolerance_m
        if dwell > 0 and not near and self._waited_s < self.patience_s:
            self._waited_s += left_s
            return 0.0
        if self._stayed_s < dwell:
            self._stayed_s += left_s
            return 0.0
        self._goal += 1
        self._stayed_s = self._waited_s = 0.0
        return left_s


@dataclass(frozen=True, eq=False)
class Execution:
    """Result of following a plan for n steps."""

    success: bool  # whether the environment says that the task is done
    observations: dict[str, NDArray[Any]]  # of every step before its action, n rows by key
    actions: NDArray[np.float32]  # (n, 7) in [-1, 1]
    phase: NDArray[np.float32]  # (n,) in [0, 1], the moment of the demonstration a step belongs to
    fraction_done: NDArray[np.float32]  # (n,) in [0, 1], of the plan, after the step's action
    last: dict[str, NDArray[Any]] = field(repr=False)  # the observation after the last action

    def __len__(self) -> int:
        return len(self.actions)


def execute(
    env: Steps,
    plan: GripperPlan,
    observation: Mapping[str, NDArray[Any]],
    *,
    scale: ActionScale | None = None,
    settle_steps: int = 10,
    on_step: Callable[[int], None] | None = None,
) -> Execution:
    """Follow a plan from an environment's present state until the task is done, the plan ends, or time is up.

    The environment takes actions (7,) in [-1, 1] (translation, rotation, gripper) of this scale, such as
    `ivg/Kitchen-v0` if None; `observation` is what its reset returned. At the plan's end `settle_steps` let objects
    come to rest. `on_step` is called with the number of steps done before each step.

    Raises:
        InputError: If the observation has no `proprio` of at least 7 numbers, or `settle_steps` is not positive.
    """
    if "proprio" not in observation or np.size(observation["proprio"]) < QUATERNION.stop:
        raise InputError(f"observations must hold 'proprio' of 7 or more numbers, got {sorted(observation)}")
    if settle_steps < 1:
        raise InputError(f"settle_steps must be 1 or more, got {settle_steps}")
    tracker, settled = TrajectoryTracker(plan, scale or ActionScale()), 0
    rows: list[tuple[Mapping[str, NDArray[Any]], NDArray[np.float32], float, float]] = []

    def act(seen: Mapping[str, NDArray[Any]]) -> NDArray[np.float32] | None:
        nonlocal settled
        if settled >= settle_steps:
            return None
        settled += tracker.done
        phase, proprio = tracker.phase, seen["proprio"]
        action = tracker.act(proprio[POSITION], proprio[QUATERNION])
        rows.append((seen, action, phase, tracker.fraction_done))
        if on_step is not None:
            on_step(len(rows) - 1)
        return action

    end = run_episode(env, act, observation)
    seen, actions, phase, fraction_done = zip(*rows, strict=True)
    observations = {key: np.stack([step[key] for step in seen]) for key in end.last}
    phases, fractions = np.array(phase, np.float32), np.array(fraction_done, np.float32)
    return Execution(end.success, observations, np.stack(actions), phases, fractions, dict(end.last))


def _pointing_down(yaw: float) -> Rotation:
    """Return the gripper's orientation: z down, x (closing) at an angle about the world's z."""
    x, z = np.array([np.cos(yaw), np.sin(yaw), 0.0]), np.array([0.0, 0.0, -1.0])
    return Rotation.from_matrix(np.stack([x, np.cross(z, x), z], axis=1))

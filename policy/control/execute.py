"""Lets a robot follow a plan in an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from ..evaluation.rollout import Steps, run_episode
from .planning import GripperPlan
from .tracker import ActionScale, TrajectoryTracker

POSITION, QUATERNION = slice(0, 3), slice(3, 7)  # of the end effector in `proprio`: m, and wxyz


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
    tracker, settled = TrajectoryTracker(plan, scale), 0
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

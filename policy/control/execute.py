"""Lets a robot follow a plan in an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from ..evaluation.rollout import Steps, run_episode
from .plan import GripperPlan
from .tracker import ActionScale, TrajectoryTracker

POSITION, QUATERNION = slice(0, 3), slice(3, 7)
"""Where in `proprio` the end effector's position (m) and quaternion (wxyz) are."""


@dataclass(frozen=True, eq=False)
class Execution:
    """Result of following a plan for n steps.

    Attributes:
        success: Whether the environment says that the task is done.
        observations: Of every step before its action, arrays by key, n rows.
        actions: float32 (n, 7) in [-1, 1].
        phase: float32 (n,) in [0, 1], the moment of the demonstration a step belongs to.
        fraction_done: float32 (n,) in [0, 1], how much of the plan the reference has done after the step's action.
        last: The observation after the last action.
    """

    success: bool
    observations: dict[str, NDArray[Any]]
    actions: NDArray[np.float32]
    phase: NDArray[np.float32]
    fraction_done: NDArray[np.float32]
    last: dict[str, NDArray[Any]] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of steps."""
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

    Args:
        env: With actions (7,) in [-1, 1] (translation, rotation, gripper) and `proprio` in its observations, such as
            `ivg/Kitchen-v0`; it has been reset.
        plan: The plan.
        observation: What the reset returned.
        scale: Of the action; that of `ivg/Kitchen-v0` if None.
        settle_steps: Steps at the plan's end, for objects to come to rest.
        on_step: Progress callback, called with the number of steps done before each step.

    Raises:
        InputError: If the observation has no `proprio` of at least 7 numbers, or `settle_steps` is not positive.
    """
    _check(observation, settle_steps)
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
    return Execution(
        success=end.success,
        observations={key: np.stack([step[key] for step in seen]) for key in end.last},
        actions=np.stack(actions),
        phase=np.array(phase, np.float32),
        fraction_done=np.array(fraction_done, np.float32),
        last=dict(end.last),
    )


def _check(observation: Mapping[str, NDArray[Any]], settle_steps: int) -> None:
    if "proprio" not in observation or np.size(observation["proprio"]) < QUATERNION.stop:
        raise InputError(f"observations must hold 'proprio' of 7 or more numbers, got {sorted(observation)}")
    if settle_steps < 1:
        raise InputError(f"settle_steps must be 1 or more, got {settle_steps}")

"""One episode of a policy in an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

Demonstrate = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, NDArray[np.float32]] | None]
"""Called as `demonstrate(observation, info)` after the reset; None where there is nothing to watch."""


class Policy(Protocol):
    """What can be rolled out, such as a `ChunkPolicy`."""

    def reset(
        self, demonstration: Mapping[str, NDArray[np.float32]] | None = None, text: str | None = None, seed: int = 0
    ) -> None:
        """Begin an episode."""

    def act(self, observation: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the next action."""


@dataclass(frozen=True)
class Rollout:
    """How it ended.

    Attributes:
        success: What the environment says.
        steps: How many.
    """

    success: bool
    steps: int


def rollout(
    env: gym.Env[Any, Any],
    policy: Policy,
    *,
    seed: int,
    max_steps: int,
    text: str | None = None,
    demonstrate: Demonstrate | None = None,
    options: dict[str, Any] | None = None,
) -> Rollout:
    """Let a policy act until the task is done, the environment ends, or time is up.

    Args:
        env: Its `info` has `is_success`.
        policy: Acts.
        seed: Of the environment and of the policy.
        max_steps: Time.
        text: What the policy is told.
        demonstrate: Gives the demonstration of the scene that the reset gave; None if the policy is shown nothing.
        options: Of the environment's reset.

    Raises:
        InputError: If `max_steps` is not positive.
    """
    if max_steps < 1:
        raise InputError(f"max_steps must be positive, got {max_steps}")
    observation, info = env.reset(seed=seed, options=options)
    demonstration = None if demonstrate is None else demonstrate(observation, info)
    policy.reset(demonstration, text=text, seed=seed)
    success = ended = False
    steps = 0
    while not ended and steps < max_steps:
        observation, _, terminated, truncated, info = env.step(policy.act(observation))
        success = bool(info.get("is_success", False))
        ended = success or terminated or truncated
        steps += 1
    return Rollout(success, steps)

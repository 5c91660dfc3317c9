"""Episodes of a policy in an environment: one loop for plans, chunk policies and stable-baselines3's policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

Demonstrate = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, NDArray[np.float32]] | None]
"""Called as `demonstrate(observation, info)` after the reset; returns None where there is no demonstration."""


class Steps(Protocol):
    """The part of an environment that an episode needs: gymnasium's `step`, with `info["is_success"]`."""

    def step(self, action: Any, /) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Do one step."""


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
    """Result of an episode.

    Attributes:
        success: `info["is_success"]` of the last step.
        steps: Number of steps.
        reward: Sum of the rewards, not discounted.
        last: The observation after the last step.
    """

    success: bool
    steps: int
    reward: float = 0.0
    last: Any = field(default=None, repr=False, compare=False)


def run_episode(
    env: Steps,
    act: Callable[[Any], Any],
    observation: Any,
    *,
    max_steps: int | None = None,
    until_success: bool = True,
) -> Rollout:
    """Act in an environment that has been reset, until the episode ends.

    Args:
        env: The environment.
        act: Returns the action for an observation; None ends the episode.
        observation: What the reset returned.
        max_steps: Limit of the steps; None for none.
        until_success: Whether success ends the episode, too.
    """
    success = ended = False
    steps, reward = 0, 0.0
    while not ended and steps != max_steps and (action := act(observation)) is not None:
        observation, gained, terminated, truncated, info = env.step(action)
        success = bool(info.get("is_success", False))
        ended = terminated or truncated or (success and until_success)
        steps, reward = steps + 1, reward + float(gained)
    return Rollout(success, steps, reward, observation)


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
        max_steps: Limit of the steps.
        text: The task's sentence, for a policy that is conditioned on text.
        demonstrate: Returns the demonstration of the scene that the reset gave; None shows the policy nothing.
        options: Of the environment's reset.

    Raises:
        InputError: If `max_steps` is not positive.
    """
    if max_steps < 1:
        raise InputError(f"max_steps must be positive, got {max_steps}")
    observation, info = env.reset(seed=seed, options=options)
    demonstration = None if demonstrate is None else demonstrate(observation, info)
    policy.reset(demonstration, text=text, seed=seed)
    return run_episode(env, policy.act, observation, max_steps=max_steps)


class LazyImages(gym.Wrapper[Any, Any, Any, Any]):
    """Adds `image` to the observations of an environment that leaves it out, rendered when it is first read.

    A policy that acts in chunks reads one image in eight steps. An image that was not read before the next step cannot
    be read any more. The environment's observations are dicts; its `render()` returns the image, uint8 (h, w, 3).
    """

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Mapping[str, NDArray[Any]], dict[str, Any]]:
        """Reset the environment."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._latest = _LazyObservation(observation, self)
        return self._latest, info

    def step(self, action: Any) -> tuple[Mapping[str, NDArray[Any]], Any, bool, bool, dict[str, Any]]:
        """Do one step."""
        observation, *rest = self.env.step(action)
        self._latest = _LazyObservation(observation, self)
        return self._latest, *rest  # type: ignore[return-value]


class _LazyObservation(Mapping[str, NDArray[Any]]):
    """What a step returned, and its image once it was read."""

    def __init__(self, seen: Mapping[str, NDArray[Any]], env: LazyImages) -> None:
        self._seen, self._env = dict(seen), env

    def __getitem__(self, key: str) -> NDArray[Any]:
        if key == "image" and key not in self._seen:
            if self._env._latest is not self:
                raise KeyError("the image of an earlier step was not read in time")
            self._seen[key] = np.asarray(self._env.render())
        return self._seen[key]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._seen, "image": None})

    def __len__(self) -> int:
        return len({*self._seen, "image"})

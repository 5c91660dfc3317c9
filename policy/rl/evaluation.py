"""How often a policy does the task in scenes that it was not trained in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from ivg.errors import InputError

from ..evaluation import SuccessRate


class Predicts(Protocol):
    """A policy or learner of stable-baselines3."""

    def predict(self, observation: Any, *, deterministic: bool = False) -> tuple[Any, Any]:
        """Return an action and a state."""


@dataclass(frozen=True)
class Episode:
    """What became of an episode.

    Attributes:
        seed: Of the scene.
        success: Whether the task was done.
        total: Sum of the rewards, not discounted.
        steps: The policy's.
        demo_found: Whether there was a demonstration to watch.
    """

    seed: int
    success: bool
    total: float
    steps: int
    demo_found: bool


def play(
    policy: Predicts,
    env: gym.Env[Any, Any],
    seeds: Iterable[int],
    progress: Callable[[Episode], None] | None = None,
) -> list[Episode]:
    """Play one episode in each scene, by the policy's best guess.

    Args:
        policy: Acts.
        env: As the policy was trained in; ``info["is_success"]`` says whether the task is done.
        seeds: Of the scenes.
        progress: Called after each episode.

    Raises:
        InputError: If there is no scene.
    """
    episodes = []
    for seed in seeds:
        observation, info = env.reset(seed=int(seed))
        found, total, steps, done = bool(info.get("demo_found", False)), 0.0, 0, False
        while not done:
            action, _ = policy.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, info = env.step(action)
            total, steps, done = total + float(reward), steps + 1, terminated or truncated
        episodes.append(Episode(int(seed), bool(info.get("is_success", False)), total, steps, found))
        if progress is not None:
            progress(episodes[-1])
    if not episodes:
        raise InputError("there is no scene to play in")
    return episodes


def summarise(episodes: list[Episode]) -> dict[str, float]:
    """Return means over episodes, and the success rate's 95 % interval (Wilson's)."""
    share = SuccessRate(sum(episode.success for episode in episodes), len(episodes))
    return {
        "success": share.value,
        "success_low": share.interval[0],
        "success_high": share.interval[1],
        "return": float(np.mean([episode.total for episode in episodes])),
        "length": float(np.mean([episode.steps for episode in episodes])),
    }

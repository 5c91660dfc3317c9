"""Success rate and return of a policy in scenes that it was not trained in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from ivg.errors import InputError

from ..evaluation import SuccessRate, run_episode


class Predicts(Protocol):
    """A policy or learner of stable-baselines3."""

    def predict(self, observation: Any, *, deterministic: bool = False) -> tuple[Any, Any]:
        """Return an action and a state."""


@dataclass(frozen=True)
class Episode:
    """Result of an episode.

    Attributes:
        seed: Of the scene.
        success: Whether the task was done.
        total: Sum of the rewards, not discounted.
        steps: The policy's.
        demo_found: Whether there was a demonstration.
    """

    seed: int
    success: bool
    total: float
    steps: int
    demo_found: bool


def play(
    policy: Predicts, env: gym.Env[Any, Any], seeds: Iterable[int], progress: Callable[[Episode], None] | None = None
) -> list[Episode]:
    """Run one episode in each scene with the policy's deterministic actions.

    Args:
        policy: Acts.
        env: As the policy was trained in; ``info["is_success"]`` says whether the task is done.
        seeds: Of the scenes.
        progress: Progress callback, called after each episode.

    Raises:
        InputError: If there is no scene.
    """
    episodes = []
    for seed in seeds:
        observation, info = env.reset(seed=int(seed))
        found = bool(info.get("demo_found", False))
        end = run_episode(
            env, lambda seen: policy.predict(seen, deterministic=True)[0], observation, until_success=False
        )
        episodes.append(Episode(int(seed), end.success, end.reward, end.steps, found))
        if progress is not None:
            progress(episodes[-1])
    if not episodes:
        raise InputError("there is no scene to evaluate in")
    return episodes


def summarise(episodes: list[Episode]) -> dict[str, float]:
    """Return means over episodes, and the success rate's 95 % interval (Wilson's)."""
    rate = SuccessRate(sum(episode.success for episode in episodes), len(episodes))
    low, high = rate.interval
    return {
        "success": rate.value,
        "success_low": low,
        "success_high": high,
        "return": float(np.mean([episode.total for episode in episodes])),
        "length": float(np.mean([episode.steps for episode in episodes])),
    }

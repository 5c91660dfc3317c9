"""A policy in scenes that it was not trained in: success rate and return, during a training and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import BasePolicy

from ivg.errors import InputError

from ..evaluation import SuccessRate, run_episode
from .checkpoint import save_checkpoint
from .curve import CURVE, LearningCurve, draw_curve
from .learner import save_policy
from .settings import ReinforcementSettings

Predicts = BaseAlgorithm | BasePolicy  # of stable-baselines3: gives actions for observations
RowCallback = Callable[[dict[str, float]], None]  # called with each row of the learning curve

IMAGE, POLICY, CHECKPOINT = "curve.png", "policy", "checkpoint"


@dataclass(frozen=True)
class Episode:
    """Result of an episode in the scene of a seed."""

    seed: int
    success: bool
    total: float  # sum of the rewards, not discounted
    steps: int  # the policy's
    demo_found: bool


def play(
    policy: Predicts, env: gym.Env[Any, Any], seeds: Iterable[int], progress: Callable[[Episode], None] | None = None
) -> list[Episode]:
    """Run one episode in each scene with the policy's deterministic actions (`InputError` if there is no scene)."""
    episodes = []
    for seed in seeds:
        observation, info = env.reset(seed=int(seed))
        found = bool(info.get("demo_found", False))
        end = run_episode(env, partial(_act, policy), observation, until_success=False)
        episodes.append(Episode(int(seed), end.success, end.reward, end.steps, found))
        if progress is not None:
            progress(episodes[-1])
    if not episodes:
        raise InputError("there is no scene to evaluate in")
    return episodes


def _act(policy: Predicts, observation: Any) -> Any:
    return policy.predict(observation, deterministic=True)[0]


def summarise(episodes: list[Episode]) -> dict[str, float]:
    """Return means over episodes, and the success rate's 95 % interval (Wilson's)."""
    rate = SuccessRate(sum(episode.success for episode in episodes), len(episodes))
    low, high = rate.interval
    total, steps = (float(np.mean([getattr(episode, name) for episode in episodes])) for name in ("total", "steps"))
    return {"success": rate.value, "success_low": low, "success_high": high, "return": total, "length": steps}


class Recorder(BaseCallback):
    """Evaluates, writes the curve and a checkpoint every so many steps."""

    def __init__(
        self, env: gym.Env[Any, Any], settings: ReinforcementSettings, output: Path, progress: RowCallback | None
    ) -> None:
        super().__init__()
        self.env, self.settings, self.output, self.progress = env, settings, output, progress
        self.curve = LearningCurve(output / CURVE)
        self._minutes = self.curve.rows[-1]["minutes"] if self.curve.rows else 0.0
        self._began = time.monotonic()

    def _on_training_start(self) -> None:
        self._next = (self.num_timesteps // self.settings.evaluate_every + 1) * self.settings.evaluate_every
        if self.num_timesteps == 0:
            self.record(self.model)

    def _on_step(self) -> bool:
        if self._next <= self.num_timesteps < self.settings.steps:  # the last evaluation follows the last update
            self._next += self.settings.evaluate_every
            self.record(self.model)
            save_checkpoint(self.model, self.output / CHECKPOINT)
        return True

    def record(self, learner: BaseAlgorithm) -> None:
        """Evaluate and add a row to the curve."""
        episodes = play(learner, self.env, self.settings.held_out_scenes)
        infos, successes = list(learner.ep_info_buffer or []), list(learner.ep_success_buffer or [])
        row = {
            "step": learner.num_timesteps,
            "minutes": round(self._minutes + (time.monotonic() - self._began) / 60, 3),
            **{name: round(value, 4) for name, value in summarise(episodes).items()},
            "training_success": round(float(np.mean(successes)), 4) if successes else 0.0,
            "training_return": round(float(np.mean([info["r"] for info in infos])), 4) if infos else 0.0,
        }
        self.curve.add(row)
        if self.progress is not None:
            self.progress(row)

    def finish(self, learner: BaseAlgorithm) -> None:
        """Evaluate what the run has come to, and write policy, checkpoint and plot."""
        if not self.curve.rows or self.curve.rows[-1]["step"] < learner.num_timesteps:
            self.record(learner)
        save_checkpoint(learner, self.output / CHECKPOINT)
        save_policy(learner, self.settings, self.output / POLICY, overwrite=True)
        draw_curve(self.curve, self.output / IMAGE)


def describe_row(values: dict[str, float], steps: int) -> str:
    """Return a row of the learning curve as a line of text; `steps` is how many there will be."""
    shown = f"step {values['step']:>7.0f}/{steps}  {values['minutes']:6.1f} min"
    shown += f"  held out: success {values['success']:4.0%}, return {values['return']:7.3f}"
    return f"{shown}  training: success {values['training_success']:4.0%}"

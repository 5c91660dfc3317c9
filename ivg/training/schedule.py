"""How far a training has come, and the learning rate that follows from it."""

from __future__ import annotations

import math
import time

from .settings import RunConfig


class StopCriterion:
    """Counts steps and wall-clock time against the settings' steps or minutes, over stops and resumes.

    Attributes:
        step: Optimiser steps done.
    """

    def __init__(self, config: RunConfig, step: int = 0, seconds: float = 0.0) -> None:
        self._config = config
        self._before = seconds
        self._started = time.monotonic()
        self.step = step

    @property
    def seconds(self) -> float:
        """Wall-clock time spent, in seconds."""
        return self._before + time.monotonic() - self._started

    @property
    def fraction(self) -> float:
        """Fraction of the training that is done, in [0, 1]."""
        if self._config.steps is not None:
            return min(1.0, self.step / self._config.steps)
        assert self._config.minutes is not None
        return min(1.0, self.seconds / (60 * self._config.minutes))


def learning_rate(config: RunConfig, step: int, fraction: float) -> float:
    """Return the learning rate of step `step`, at this fraction of the training.

    Warm-up, then either half a cosine or a plateau with a linear fall in the last `decay` of the training; never below
    2 % of the peak.
    """
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    if config.schedule == "cosine":
        shape = 0.5 + 0.5 * math.cos(math.pi * fraction)
    else:
        shape = min(1.0, (1 - fraction) / max(config.decay, 1e-6))
    return config.learning_rate * warm * max(0.02, shape)

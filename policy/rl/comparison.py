"""Sample efficiency: what learning curves of several seeds say of two rewards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from ivg.errors import InputError

from .curve import LearningCurve


@dataclass(frozen=True)
class Mean:
    """A mean over training seeds, and half the width of its 95 % interval (Student's t; NaN of one seed)."""

    value: float
    half: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Return the mean of at least one value."""
        count = len(values)
        half = math.nan
        if count > 1:
            half = float(student.ppf(0.975, count - 1) * np.std(values, ddof=1) / math.sqrt(count))
        return cls(float(np.mean(values)), half, count)

    def __str__(self) -> str:
        """Return the mean and, of several values, half the width of its interval."""
        return f"{self.value:.3f}" + (f" +- {self.half:.3f}" if self.count > 1 else "")


@dataclass(frozen=True)
class Efficiency:
    """How quickly one reward teaches one task.

    Attributes:
        area: Success on held-out scenes, averaged over the steps of training, in [0, 1].
        final: Success at the end.
        steps_to_half: For each seed, the step of the first evaluation with a success of one half or more; None where
            there was none.
    """

    area: Mean
    final: Mean
    steps_to_half: tuple[int | None, ...]


def efficiency(curves: Sequence[LearningCurve]) -> Efficiency:
    """Return the figures of at least one run; runs differ in their seed."""
    if not curves:
        raise InputError("there is no run to take figures of")
    return Efficiency(
        Mean.of([area_of(curve) for curve in curves]),
        Mean.of([curve.rows[-1]["success"] for curve in curves]),
        tuple(_first_half(curve) for curve in curves),
    )


def area_of(curve: LearningCurve) -> float:
    """Return success averaged over the steps of training (trapezoids); refuses less than two rows (`InputError`)."""
    if len(curve.rows) < 2:
        raise InputError(f"'{curve.file}' has {len(curve.rows)} rows, a curve needs two")
    steps, success = np.array(curve.column("step")), np.array(curve.column("success"))
    return float((np.diff(steps) * (success[1:] + success[:-1]) / 2).sum() / (steps[-1] - steps[0]))


def gain(better: Mapping[int, LearningCurve], than: Mapping[int, LearningCurve]) -> Mean:
    """Return how much larger the area is, seed by seed (scenes and first weights of a seed are the same)."""
    return Mean.of([area_of(better[seed]) - area_of(than[seed]) for seed in sorted(better)])


def _first_half(curve: LearningCurve) -> int | None:
    return next((int(row["step"]) for row in curve.rows if row["success"] >= 0.5), None)


def comparison_table(
    curves: Mapping[str, Mapping[str, Mapping[int, LearningCurve]]], rewards: tuple[str, str]
) -> tuple[list[str], dict[str, Any]]:
    """Return a table's lines and figures; curves are by task, reward and seed, gains those of the first reward."""
    heads = ("mean over training", "at the end", "steps to 50 %")
    lines = [f"{'task':<18}{'reward':<12}" + "".join(f"{head:>24}" for head in heads)]
    figures: dict[str, Any] = {}
    for task, by_reward in curves.items():
        for reward, runs in by_reward.items():
            found = efficiency(list(runs.values()))
            steps = ", ".join("-" if step is None else str(step) for step in found.steps_to_half)
            cells = (str(found.area), str(found.final), steps)
            lines.append(f"{task:<18}{reward:<12}" + "".join(f"{cell:>24}" for cell in cells))
            figures.setdefault(task, {})[reward] = asdict(found)
        more = gain(by_reward[rewards[0]], by_reward[rewards[1]])
        figures[task]["gain"] = asdict(more)
        lines.append(f"{task:<18}{'gain':<12}{more!s:>24}")
    return lines, figures

"""Learning curves: a CSV file that grows while a policy trains, plots, and what several seeds say of two rewards."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import t as student

from ivg.errors import InputError
from ivg.viz.plots import new_figure, save_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE = "curve.csv"  # Its name in a run's folder

_HELD_OUT = ("success", "success_low", "success_high", "return", "length")
COLUMNS = ("step", "minutes", *_HELD_OUT, "training_success", "training_return")  # the last two: latest episodes


class LearningCurve:
    """Rows of `COLUMNS`, kept in a CSV file; rows that stand there are read."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: list[dict[str, float]] = []
        if file.exists():
            with file.open(newline="") as stored:
                self.rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stored)]

    def add(self, row: Mapping[str, float]) -> None:
        """Append a row of all columns; rows of this step and later ones (a resumed run's) go."""
        self.rows = [old for old in self.rows if old["step"] < row["step"]]
        self.rows.append({name: float(row[name]) for name in COLUMNS})
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("w", newline="") as target:
            writer = csv.DictWriter(target, COLUMNS)
            writer.writeheader()
            writer.writerows([{**row, "step": int(row["step"])} for row in self.rows])

    def column(self, name: str) -> list[float]:
        """Return a column's values."""
        return [row[name] for row in self.rows]


def draw_curve(curve: LearningCurve, target: Path) -> None:
    """Draw success on held-out scenes, its interval, and the success in training; refuses no row (`InputError`)."""
    if not curve.rows:
        raise InputError(f"'{curve.file}' has no row to draw")
    figure, (ax,) = new_figure(6.4, 3.8)
    steps = curve.column("step")
    ax.plot(steps, curve.column("success"), marker=".", label="held-out scenes")
    ax.fill_between(steps, curve.column("success_low"), curve.column("success_high"), alpha=0.2)
    ax.plot(steps, curve.column("training_success"), color="0.6", label="last episodes of training")
    _finish(figure, ax, target)


def draw_comparison(runs: Mapping[str, Sequence[LearningCurve]], target: Path) -> None:
    """Draw mean success over training seeds, and each seed thinly: by label, curves that differ in their seed."""
    figure, (ax,) = new_figure(6.4, 3.8)
    for label, curves in runs.items():
        steps, success = curves[0].column("step"), [curve.column("success") for curve in curves]
        (line,) = ax.plot(steps, np.mean(success, 0), marker=".", label=f"{label} ({len(curves)} seeds)")
        for values in success:
            ax.plot(steps, values, color=line.get_color(), alpha=0.25, lw=0.8)
    _finish(figure, ax, target)


def _finish(figure: Figure, ax: Axes, target: Path) -> None:
    ax.set(xlabel="policy's steps", ylabel="success", ylim=(-0.03, 1.03))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    save_plot(figure, target)


@dataclass(frozen=True)
class Mean:
    """A mean over training seeds, and half the width of its 95 % interval (Student's t; NaN of one seed)."""

    value: float
    half: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Return the mean of at least one value."""
        count, half = len(values), math.nan
        if count > 1:
            half = float(student.ppf(0.975, count - 1) * np.std(values, ddof=1) / math.sqrt(count))
        return cls(float(np.mean(values)), half, count)

    def __str__(self) -> str:
        return f"{self.value:.3f}" + (f" +- {self.half:.3f}" if self.count > 1 else "")


@dataclass(frozen=True)
class Efficiency:
    """How quickly one reward teaches one task."""

    area: Mean  # success on held-out scenes, averaged over the steps of training, in [0, 1]
    final: Mean  # success at the end
    steps_to_half: tuple[int | None, ...]  # by seed, step of the first evaluation with a success of one half or more


def efficiency(curves: Sequence[LearningCurve]) -> Efficiency:
    """Return the figures of at least one run; runs differ in their seed."""
    if not curves:
        raise InputError("there is no run to take figures of")
    return Efficiency(
        Mean.of([area_of(curve) for curve in curves]),
        Mean.of([curve.rows[-1]["success"] for curve in curves]),
        tuple(next((int(r["step"]) for r in curve.rows if r["success"] >= 0.5), None) for curve in curves),
    )


def area_of(curve: LearningCurve) -> float:
    """Return success averaged over the steps of training (trapezoids); refuses less than two rows (`InputError`)."""
    if len(curve.rows) < 2:
        raise InputError(f"'{curve.file}' has {len(curve.rows)} rows, a curve needs two")
    steps = curve.column("step")
    return float(trapezoid(curve.column("success"), steps) / (steps[-1] - steps[0]))


def gain(better: Mapping[int, LearningCurve], than: Mapping[int, LearningCurve]) -> Mean:
    """Return how much larger the area is, seed by seed (scenes and first weights of a seed are the same)."""
    return Mean.of([area_of(better[seed]) - area_of(than[seed]) for seed in sorted(better)])


def comparison_table(
    curves: Mapping[str, Mapping[str, Mapping[int, LearningCurve]]], rewards: tuple[str, str]
) -> tuple[list[str], dict[str, Any]]:
    """Return a table's lines and figures; curves are by task, reward and seed, gains those of the first reward."""
    lines = [f"{'task':<18}{'reward':<12}{'mean over training':>24}{'at the end':>24}{'steps to 50 %':>24}"]
    figures: dict[str, Any] = {}
    for task, by_reward in curves.items():
        for reward, runs in by_reward.items():
            found = efficiency(list(runs.values()))
            steps = ", ".join("-" if step is None else str(step) for step in found.steps_to_half)
            lines.append(f"{task:<18}{reward:<12}{found.area!s:>24}{found.final!s:>24}{steps:>24}")
            figures.setdefault(task, {})[reward] = asdict(found)
        more = gain(by_reward[rewards[0]], by_reward[rewards[1]])
        figures[task]["gain"] = asdict(more)
        lines.append(f"{task:<18}{'gain':<12}{more!s:>24}")
    return lines, figures

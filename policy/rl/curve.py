"""A learning curve: a CSV file that grows while a policy trains, and its plot."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivg.errors import InputError
from ivg.viz.plots import new_figure, save_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE = "curve.csv"  # Its name in a run's folder

COLUMNS = (
    "step",
    "minutes",
    "success",
    "success_low",
    "success_high",
    "return",
    "length",
    "training_success",
    "training_return",
)
"""`success` to `length` are of the held-out scenes, `training_*` of the last episodes of training."""


class LearningCurve:
    """Rows of `COLUMNS`, kept in a CSV file.

    Args:
        file: Where; rows that stand there are read.
    """

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

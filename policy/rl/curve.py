"""A learning curve: a CSV file that grows while a policy trains, and a picture of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from ivg.errors import InputError
from ivg.io.staging import staged_output

CURVE = "curve.csv"
"""Its name in a run's folder."""

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
    """Draw success on held-out scenes, its interval, and the success in training.

    Raises:
        InputError: If the curve has no row.
    """
    if not curve.rows:
        raise InputError(f"'{curve.file}' has no row to draw")
    figure, ax = _axes()
    steps = curve.column("step")
    ax.plot(steps, curve.column("success"), marker=".", label="held-out scenes")
    ax.fill_between(steps, curve.column("success_low"), curve.column("success_high"), alpha=0.2)
    ax.plot(steps, curve.column("training_success"), color="0.6", label="last episodes of training")
    _finish(figure, ax, target)


def draw_comparison(curves: Mapping[str, tuple[Sequence[float], Sequence[Sequence[float]]]], target: Path) -> None:
    """Draw mean success over training seeds, and each seed thinly.

    Args:
        curves: By label, the steps and for each seed the success at these steps.
        target: A PNG file.
    """
    figure, ax = _axes()
    for label, (steps, runs) in curves.items():
        mean = [sum(values) / len(values) for values in zip(*runs, strict=True)]
        (line,) = ax.plot(steps, mean, marker=".", label=f"{label} ({len(runs)} seeds)")
        for run in runs:
            ax.plot(steps, run, color=line.get_color(), alpha=0.25, lw=0.8)
    _finish(figure, ax, target)


def _axes():  # type: ignore[no-untyped-def]  # matplotlib is loaded when something is drawn
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6.4, 3.8), layout="constrained")


def _finish(figure, ax, target: Path) -> None:  # type: ignore[no-untyped-def]
    import matplotlib.pyplot as plt

    ax.set(xlabel="policy's steps", ylabel="success", ylim=(-0.03, 1.03))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    with staged_output(target, overwrite=True) as stage:
        figure.savefig(stage, dpi=110)
    plt.close(figure)

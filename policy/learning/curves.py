"""The log of a training as a table (CSV) and as curves (PNG)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from ivg.io.staging import staged_output
from ivg.viz.plots import new_figure, save_plot


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log in order; those that a stopped run wrote after its last checkpoint are left out."""
    rows: list[dict[str, Any]] = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        held_out = {f"held_out_{name}": value for name, value in line.pop("held_out", {}).items()}
        while rows and rows[-1]["step"] > line["step"]:
            rows.pop()
        rows.append({**line, **held_out})
    return rows


def write_curves(output: Path) -> None:
    """Write `curves.csv` and `curves.png` of the log in a training's folder."""
    rows = read_log(output / "log.jsonl")
    names = list(dict.fromkeys(name for row in rows for name in row))
    with staged_output(output / "curves.csv", overwrite=True) as stage, stage.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    _draw(rows, [name for name in names if name not in ("step", "minutes", "samples_per_s")], output / "curves.png")


def _draw(rows: list[dict[str, Any]], names: list[str], target: Path) -> None:
    figure, axes = new_figure(3 * len(names), 2.6, columns=len(names), dpi=90)
    for name, ax in zip(names, axes, strict=True):
        points = [(row["step"], row[name]) for row in rows if name in row]
        ax.plot(*zip(*points, strict=True), marker=".")
        ax.set(title=name.replace("_", " "), xlabel="step")
        if all(value > 0 for _, value in points):
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
    save_plot(figure, target)

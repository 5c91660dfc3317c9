"""Plots: figures of one style, drawn without a display, and saved whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..io.staging import staged_output

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE = "#2e86de", "#ee6622"  # of most points and bars, and of those that a plot is about


def new_figure(width: float, height: float, columns: int = 1, dpi: int = 110) -> tuple[Figure, list[Axes]]:
    """Return a figure of `width` x `height` inches and its axes side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def save_plot(figure: Figure, target: Path) -> None:
    """Write a figure, in the format of the path's ending, whole or not at all; makes the folder."""
    with staged_output(target, overwrite=True) as stage:
        figure.savefig(stage)


def draw_points(axis: Axes, groups: Sequence[Sequence[float]], colours: Sequence[str], names: Sequence[str]) -> None:
    """Draw each group as a column of points with a line at its mean."""
    for index, (values, colour) in enumerate(zip(groups, colours, strict=True)):
        axis.scatter([index] * len(values), values, color=colour, s=18, alpha=0.6)
        if len(values):
            axis.hlines(np.mean(values), index - 0.3, index + 0.3, color=colour, linewidth=2)
    axis.set_xticks(range(len(names)), names)
    axis.grid(axis="y", alpha=0.3)


def draw_chunks(true: NDArray[np.floating], predicted: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Draw positions (n, t, 3) over the steps of a chunk, one panel a chunk: lines are true, dots predicted."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure, axes = new_figure(2.2 * len(true), 2.4, len(true), dpi=80)
    for ax, lines, dots in zip(axes, true, predicted, strict=True):
        for axis, colour in enumerate(("tab:red", "tab:green", "tab:blue")):
            ax.plot(lines[:, axis], color=colour, label="xyz"[axis])
            ax.plot(dots[:, axis], ".", color=colour, markersize=4)
        ax.set_xlabel("step")
        ax.tick_params(labelsize=6)
    axes[0].legend(fontsize=6)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])

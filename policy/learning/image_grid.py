"""Predicted chunks beside true ones, as a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def draw_chunks(true: NDArray[np.floating], predicted: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Draw positions (n, t, 3) over the steps of a chunk, one panel a chunk: lines are true, dots predicted.

    Returns:
        uint8 (h, w, 3).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.2 * len(true), 2.4), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for place, (lines, dots) in enumerate(zip(true, predicted, strict=True)):
        ax = figure.add_subplot(1, len(true), place + 1)
        for axis, colour in enumerate(("tab:red", "tab:green", "tab:blue")):
            ax.plot(lines[:, axis], color=colour, label="xyz"[axis])
            ax.plot(dots[:, axis], ".", color=colour, markersize=4)
        ax.set_xlabel("step")
        ax.tick_params(labelsize=6)
    figure.axes[0].legend(fontsize=6)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])

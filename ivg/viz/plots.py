"""Plots, drawn without a display and saved whole, the hand's trajectory in the scene, and tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..io.staging import staged_output
from ..types import Camera

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..policy.extraction import ExtractedDemonstration

BLUE, ORANGE = "#2e86de", "#ee6622"  # of most points and bars, and of those that a plot is about


AROUND_M = np.array([0.10, 0.10, 0.03])  # margin around the trajectory in which the scene is shown, m
BELOW_M = 0.25  # margin below that, so that what the hand is over is seen, m
COLOUR_MAP = "plasma"  # of time along the trajectory
NEUTRAL = "#8b8f98"  # of texts and axes: readable on light and on dark
_THUMB_TIP, _INDEX_TIP = 4, 8
_DOT = 7.0
_MARGIN = 8  # around what is drawn, px

Points = NDArray[np.float64]


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


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> str:
    """Return a Markdown table; the first `left` columns are aligned to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * width if index < left else "-" * (width - 1) + ":" for index, width in enumerate(widths)]
    forms = [f"{{:{'<' if index < left else '>'}{width}}}" for index, width in enumerate(widths)]
    line = f"| {' | '.join(forms)} |"
    return "\n".join(line.format(*row) for row in [cells[0], rule, *cells[1:]])


def draw_trajectory(
    extracted: ExtractedDemonstration, frame: NDArray[np.uint8], depth_m: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Draw the trajectory of the gripper that stands for the hand, its opening, and the scene around it.

    The `frame`, uint8 (h, w, 3), shows the scene without hands; `depth_m` (h, w) is along the optical axis. Returns
    uint8 (h, w, 4), RGBA, transparent where nothing is.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.4), dpi=160, facecolor="none")
    canvas = FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0), projection="3d", computed_zorder=False, facecolor="none")
    present = extracted.trajectory.present
    path = np.asarray(extracted.trajectory.poses[present, :3], np.float64)
    tips = np.asarray(extracted.joints_world_m[present][:, [_THUMB_TIP, _INDEX_TIP]], np.float64)
    low, high = path.min(0) - AROUND_M, path.max(0) + AROUND_M
    points, colours = _cloud(frame, depth_m, extracted.camera, low, high)
    low[2] = min(low[2], points[:, 2].min(initial=low[2]))
    axes.scatter(*points.T, c=colours, s=_DOT, marker="s", linewidths=0, depthshade=False, zorder=1)
    _draw_line(axes, path, tips)
    _style_axes(axes, low, high, extracted.camera)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    rows, columns = (np.flatnonzero((pixels[..., 3] > 0).any(axis)) for axis in (1, 0))
    top, left = (max(drawn[0] - _MARGIN, 0) for drawn in (rows, columns))
    return np.ascontiguousarray(pixels[top : rows[-1] + _MARGIN, left : columns[-1] + _MARGIN])


def _cloud(
    frame: NDArray[np.uint8], depth_m: NDArray[np.floating], camera: Camera, low: Points, high: Points
) -> tuple[Points, Points]:
    """Return points of the depth image in a box of the world, open below, (n, 3), and colours (n, 3) in [0, 1]."""
    height, width = depth_m.shape
    v, u = np.mgrid[:height, :width] + 0.5
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(camera.K).T
    pose = camera.T_world_camera
    points = (rays * depth_m[..., None]).reshape(-1, 3) @ pose[:3, :3].T + pose[:3, 3]
    inside = np.flatnonzero(
        (points[:, :2] >= low[:2]).all(1) & (points <= high).all(1) & (points[:, 2] > low[2] - BELOW_M)
    )
    away = points[inside] - pose[:3, 3]
    inside = inside[np.argsort(-(away @ pose[:3, 2]))]  # what is near is drawn over what is far
    return points[inside], frame.reshape(-1, 3)[inside] / 255


def _draw_line(axes: Any, path: Points, tips: Points) -> None:
    """Draw the trajectory, coloured by time, and at each frame the line between the finger tips."""
    from matplotlib import colormaps

    colours = colormaps[COLOUR_MAP](np.linspace(0.05, 0.92, len(path)))
    for pair, colour in zip(tips, colours, strict=True):
        axes.plot(*pair.T, color="white", linewidth=3.4, solid_capstyle="round", zorder=3)
        axes.plot(*pair.T, color=colour, linewidth=1.8, solid_capstyle="round", zorder=3.5)
    axes.plot(*path.T, color="white", linewidth=7.0, solid_capstyle="round", zorder=4)
    for at in range(1, len(path)):
        axes.plot(*path[at - 1 : at + 1].T, color=colours[at], linewidth=4.0, solid_capstyle="round", zorder=5)
    axes.scatter(*path.T, c=colours, s=40, edgecolors="white", linewidths=1.1, depthshade=False, zorder=6)


def _style_axes(axes: Any, low: Points, high: Points, camera: Camera) -> None:
    """Set limits, faint axes in centimetres, and the view: from beside the camera."""
    from matplotlib.ticker import MultipleLocator

    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(high - low, zoom=1.1)
    away = camera.T_world_camera[:3, 3] - (low + high) / 2
    axes.view_init(elev=32, azim=float(np.degrees(np.arctan2(away[1], away[0]))) + 32)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0.5, 0.5, 0.5, 0.06))
        axis.line.set_color(NEUTRAL)
        axis._axinfo["grid"].update(color=(0.5, 0.5, 0.5, 0.25), linewidth=0.6)
        axis.set_major_locator(MultipleLocator(0.1))  # ten centimetres
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f}")
        axis.set_tick_params(colors=NEUTRAL, labelsize=8, pad=-1)

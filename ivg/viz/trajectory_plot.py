"""The hand's trajectory in the scene, in metres, as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..types import Camera

if TYPE_CHECKING:
    from ..policy.extraction import ExtractedDemonstration

AROUND_M = np.array([0.10, 0.10, 0.03])  # margin around the trajectory in which the scene is shown, m
BELOW_M = 0.25  # margin below that, so that what the hand is over is seen, m
COLOUR_MAP = "plasma"  # of time along the trajectory
NEUTRAL = "#8b8f98"  # of texts and axes: readable on light and on dark
_THUMB_TIP, _INDEX_TIP = 4, 8
_DOT = 7.0
_MARGIN = 8  # around what is drawn, px

Points = NDArray[np.float64]


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

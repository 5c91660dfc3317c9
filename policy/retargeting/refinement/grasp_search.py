"""Search in a height map for a grasp of a parallel gripper from above, near a point.

Antipodal grasps, as planners look for in depth images (Mahler et al. 2017, "Dex-Net 2.0", Sec. III), scored by hand:
near to where a hand closed, across the narrow side, square to the faces, on the middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .height_map import Array, HeightMap

# A gripper's width between its open fingers, a finger's thickness along the closing direction, its width across.
OPENING_M, FINGER_M, PAD_M = 0.076, 0.015, 0.018
# How far finger tips have to reach below an object's top, should reach if there is room, and may reach.
LEAST_GRIP_M, FIRM_GRIP_M, MOST_GRIP_M = 0.008, 0.016, 0.03
FREE_M = 0.012  # how far above what lies beside an object finger tips should stay: they sink as they rotate
SHORT_M = 0.045  # an object whose ends are both nearer than this is short
YAW_SPREAD_RAD = 0.9  # of the closing direction from the hand's, which can hold a handle in more ways than a gripper
WORST = 20.0  # a grasp that costs more is none
CLEAR_M = 0.003  # clearance of the finger tips above a surface
SEARCH_M, _STEP_M, _TURNS = 0.07, 0.003, 18  # how far from the hand's closing point, how finely to look
_ROWS = np.linspace(-0.5, 0.5, 5) * PAD_M
_NEAR_M, _WIDTH_M, _SLOPE, _OFF_M, _BARE = 0.015, 0.04, 0.2, 0.004, 0.5
_AROUND_M, _LEAST_CELLS, _LONG, _ASKEW_RAD = 0.06, 20, 1.6, 0.35


@dataclass(frozen=True, eq=False)
class Grasp:
    """A grasp from above."""

    pos_world_m: Array  # (3,), between the finger tips
    yaw_rad: float  # of the closing direction about the world's z axis, within a quarter turn of what was asked for
    width_m: float  # of what is between the fingers
    top_m: float  # how high up in the world that reaches
    cost: float  # how far it is from what was asked for, and how poor a hold; from 0 to `WORST`


def find_grasp(heights: HeightMap, point_world_m: Array, yaw_rad: float, *, turn: bool = True) -> Grasp | None:
    """Return the grasp of the least cost within `SEARCH_M` of a point (3,) where a hand closed; None if there is none.

    Unseen cells count as empty. The hand closed along `yaw_rad`, seen from above; with `turn` the gripper may close
    along another direction.
    """
    point = np.asarray(point_world_m, np.float64)
    steps = np.arange(-SEARCH_M, SEARCH_M + 1e-9, _STEP_M)
    grid = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    positions = np.asarray(point[:2] + grid[np.linalg.norm(grid, axis=1) <= SEARCH_M])
    turns = (np.arange(_TURNS) - _TURNS // 2) * np.pi / _TURNS if turn else np.zeros(1)
    found = [_best_along(heights, point, positions, yaw_rad, float(turned)) for turned in turns]
    best = min((grasp for grasp in found if grasp is not None), key=lambda grasp: grasp.cost, default=None)
    return _squared(heights, best) if best is not None and turn else best


def _squared(heights: HeightMap, grasp: Grasp) -> Grasp:
    """Rotate a grasp square to a long object and move it onto its middle line; into its middle if it is short.

    The search looks along every tenth degree and at every third millimetre; the axes of the outline are finer.
    """
    outline = _outline(heights, grasp)
    if len(outline) < _LEAST_CELLS:
        return grasp
    middle = outline.mean(0)
    values, vectors = np.linalg.eigh(np.cov((outline - middle).T))
    width, length = np.sqrt(12 * np.maximum(values, 1e-9))  # of a rectangle with this variance
    across, along = vectors.T
    turned = (np.arctan2(across[1], across[0]) - grasp.yaw_rad + np.pi / 2) % np.pi - np.pi / 2
    if length < _LONG * width or abs(turned) > _ASKEW_RAD:
        return grasp
    off = middle - grasp.pos_world_m[:2]
    shift = (off @ across) * across + (off @ along if length < 2 * SHORT_M else 0.0) * along
    if np.linalg.norm(shift) > SHORT_M:
        return grasp
    moved = replace(grasp, pos_world_m=grasp.pos_world_m + [*shift, 0.0], yaw_rad=grasp.yaw_rad + float(turned))
    seen, reach = _profiles(heights, moved.pos_world_m[None, :2], moved.yaw_rad)
    return moved if _landing(seen, reach)[0] + CLEAR_M <= moved.pos_world_m[2] else grasp


def _outline(heights: HeightMap, grasp: Grasp) -> Array:
    """Return the points (n, 2) that are connected to a grasp's middle and as high as its fingers, near to it."""
    filled = np.nan_to_num(heights.height_m, nan=-np.inf) > grasp.pos_world_m[2] + CLEAR_M
    rows, columns = np.indices(filled.shape)
    points = heights.origin_m + np.stack([columns, rows], -1) * heights.cell_m
    away = np.linalg.norm(points - grasp.pos_world_m[:2], axis=-1)
    labels, _ = ndimage.label(filled & (away <= _AROUND_M))
    nearest = np.unravel_index(np.where(labels > 0, away, np.inf).argmin(), away.shape)
    return np.asarray(points[(labels == labels[nearest]) & (labels > 0)])


def _best_along(heights: HeightMap, point: Array, positions: Array, yaw: float, turned: float) -> Grasp | None:
    """Return the best grasp at positions (n, 2) near a point (3,) where a hand closed along `yaw`.

    The gripper's closing direction is `turned` from the hand's.
    """
    seen, reach = _profiles(heights, positions, yaw + turned)
    middle = seen.shape[1] // 2
    top = np.median(seen[:, middle - 1 : middle + 2].max(1), axis=1)
    lowest = np.maximum(_landing(seen, reach) + CLEAR_M, top - MOST_GRIP_M)
    possible = np.isfinite(top) & (lowest <= top - LEAST_GRIP_M)
    lowest = np.maximum(lowest, np.minimum(_beside(seen, top - FIRM_GRIP_M) + FREE_M, top - LEAST_GRIP_M))
    if not possible.any():
        return None
    positions, seen, lowest, top = positions[possible], seen[possible], lowest[possible], top[possible]
    height = np.clip(point[2], lowest, np.maximum(top - FIRM_GRIP_M, lowest))
    width, off, slope, rows = _hold(seen > (height + CLEAR_M)[:, None, None])
    aside = _off_middle(heights, positions, yaw + turned, height)
    away = np.linalg.norm(positions - point[:2], axis=1) / _NEAR_M
    cost = (
        np.where(away < 2.0, away**2, 4.0 * away - 4.0)  # Huber: linear from 2 on
        + ((height - point[2]) / _NEAR_M) ** 2
        + (turned / YAW_SPREAD_RAD) ** 2
        + (width / _WIDTH_M) ** 2
        + (off / _OFF_M) ** 2
        + (aside / _NEAR_M) ** 2
        + (slope / _SLOPE) ** 2
        + _BARE * (len(_ROWS) - rows)
    )
    cost = np.where((rows >= 2) & (width <= OPENING_M), cost, np.inf)
    best = int(cost.argmin())
    if not cost[best] < WORST:
        return None
    pos = np.array([*positions[best], height[best]])
    return Grasp(pos, yaw + turned, float(width[best]), float(top[best]), float(cost[best]))


def _profiles(heights: HeightMap, positions: Array, yaw: float) -> tuple[Array, Array]:
    """Return heights (n, u, v) under a gripper at positions (n, 2), -inf where unknown, and their distances (u,).

    u runs along the closing direction, from outside of one finger to outside of the other; v across the fingers.
    """
    along, across = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    cells = round((0.5 * OPENING_M + FINGER_M) / _STEP_M)
    reach = np.arange(-cells, cells + 1) * _STEP_M
    under = reach[:, None, None] * along + _ROWS[:, None] * across
    seen = heights.at(positions[:, None, None] + under)
    return np.where(np.isnan(seen), -np.inf, seen), reach


def _landing(seen: Array, reach: Array) -> Array:
    """Return the height (n,) of the ground under the open fingers, of what `_profiles` returns."""
    return np.asarray(seen[:, np.abs(reach) >= 0.5 * OPENING_M].max((1, 2)))


def _beside(seen: Array, level: Array) -> Array:
    """Return the height (n,) under and between the fingers (n, u, v) beside what stands above a level (n,)."""
    before, after = _runs(seen > level[:, None, None])
    cells = np.arange(seen.shape[1])[:, None] - seen.shape[1] // 2  # from the middle
    held = np.where(cells <= 0, -cells < before[:, None], cells < after[:, None])
    return np.asarray(np.where(held, -np.inf, seen).max((1, 2)))


def _hold(filled: NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
    """Measure what is between the fingers, as high as they are (n, u, v).

    Returns its width (n,), m; how far its middle is off the fingers', m; the slope of its faces; and how many of the
    rows across the fingers it fills.
    """
    before, after = _runs(filled)
    there = before > 0
    rows = there.sum(1)
    count = np.maximum(rows, 1)
    width = np.where(there, before + after - 1, 0).sum(1) / count * _STEP_M
    off = 0.5 * np.where(there, after - before, 0).sum(1) / count * _STEP_M
    slope = 0.5 * (np.abs(_slope(before, there)) + np.abs(_slope(after, there))) * _STEP_M
    return width, off, slope, rows


def _off_middle(heights: HeightMap, positions: Array, yaw: float, height: Array) -> Array:
    """Return the distance (n,) of positions from the middle of a short object, along its length; 0 on a long one.

    A rotated object rotates about its middle, and one that is held there hangs in balance.
    """
    cells = round(SHORT_M / _STEP_M)
    along = np.arange(-cells, cells + 1) * _STEP_M
    seen = heights.at(positions[:, None] + along[:, None] * np.array([-np.sin(yaw), np.cos(yaw)]))
    filled = np.nan_to_num(seen, nan=-np.inf) > (height + CLEAR_M)[:, None]
    before, after = _runs(filled)
    ends = (before > 0) & (before <= cells) & (after <= cells)
    return np.where(ends, 0.5 * np.abs(after - before) * _STEP_M, 0.0)


def _runs(filled: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many cells (n, u, ...) are filled without a gap from the middle on, to either side."""
    middle = filled.shape[1] // 2
    sides = (filled[:, middle::-1], filled[:, middle:])
    before, after = (np.cumprod(side, axis=1).sum(1) for side in sides)
    return before, after


def _slope(edges: NDArray[np.int64], there: NDArray[np.bool_]) -> Array:
    """Return the slope (n,) of edges (n, v), in cells a metre, by least squares over the rows that are there."""
    mean = np.where(there, _ROWS, 0.0).sum(1) / np.maximum(there.sum(1), 1)
    centred = np.where(there, _ROWS - mean[:, None], 0.0)
    return np.asarray((centred * edges).sum(1) / np.maximum((centred**2).sum(1), 1e-9))

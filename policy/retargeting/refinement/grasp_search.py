"""Where a parallel gripper that comes from above can close round something near a point: a search in a height map.

Antipodal grasps (two fingers on opposite faces, closing along their normal), which grasp planners look for in depth
pictures (Mahler et al. 2017, "Dex-Net 2.0", Sec. III), here scored by hand: near to where a hand closed, across the
narrow side, square to the faces, on the middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .height_map import HeightMap

Array = NDArray[np.float64]

SEARCH_M = 0.07
"""How far from the hand's place a grasp may be."""

OPENING_M, FINGER_M, PAD_M = 0.076, 0.015, 0.018
"""A gripper's width between its open fingers, a finger's thickness along the closing direction, its width across."""

LEAST_GRIP_M, FIRM_GRIP_M, MOST_GRIP_M = 0.008, 0.016, 0.03
"""How far finger tips have to reach below a thing's top, should reach if there is room, and may reach."""

FREE_M = 0.012
"""How far above what lies beside a thing finger tips should stay, if there is room: they sink a little as they turn."""

SHORT_M = 0.045
"""A thing whose ends are both nearer than this is short."""

YAW_SPREAD_RAD = 0.9
"""How far a gripper's closing direction may be from a hand's, a standard deviation: a hand can hold a handle in ways
that two parallel fingers cannot."""

WORST = 20.0
"""A grasp that costs more is none."""

_STEP_M, _TURNS, _CLEAR_M = 0.003, 18, 0.003
_NEAR_M, _WIDTH_M, _SLOPE, _OFF_M, _BARE = 0.015, 0.04, 0.2, 0.004, 0.5
_AROUND_M, _LEAST_CELLS, _LONG, _ASKEW_RAD = 0.06, 20, 1.6, 0.35
_ROWS = np.linspace(-0.5, 0.5, 5) * PAD_M


@dataclass(frozen=True, eq=False)
class Grasp:
    """A grasp from above.

    Attributes:
        pos_world_m: float64 (3,), between the finger tips.
        yaw_rad: Of the closing direction about the world's z axis, within a quarter turn of what was asked for.
        width_m: Of what is between the fingers.
        top_m: How high up in the world that reaches.
        cost: How far it is from what was asked for, and how poor a hold; from 0 to `WORST`.
    """

    pos_world_m: Array
    yaw_rad: float
    width_m: float
    top_m: float
    cost: float


def find_grasp(heights: HeightMap, point_world_m: Array, yaw_rad: float, *, turn: bool = True) -> Grasp | None:
    """Find the best grasp near a point.

    What the camera does not see counts as empty.

    Args:
        heights: Of the scene round the point.
        point_world_m: (3,), where a hand closed.
        yaw_rad: Its closing direction, seen from above.
        turn: Whether the gripper may close along another direction.

    Returns:
        The grasp of the least cost; None if there is none within `SEARCH_M`.
    """
    point = np.asarray(point_world_m, np.float64)
    places = _places(point[:2])
    turns = (np.arange(_TURNS) - _TURNS // 2) * np.pi / _TURNS if turn else np.zeros(1)
    found = [_best_along(heights, point, places, yaw_rad, float(turned)) for turned in turns]
    best = min((grasp for grasp in found if grasp is not None), key=lambda grasp: grasp.cost, default=None)
    return _squared(heights, best) if best is not None and turn else best


def _squared(heights: HeightMap, grasp: Grasp) -> Grasp:
    """Turn a grasp square to a long thing and move it onto its middle line; into its middle if it is short.

    The search looks along every tenth degree and at every third millimetre; the axes of the thing's outline are finer.
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
    return moved if _landing(seen, reach)[0] + _CLEAR_M <= moved.pos_world_m[2] else grasp


def _outline(heights: HeightMap, grasp: Grasp) -> Array:
    """Return the places (n, 2) that are joined to a grasp's middle and as high as its fingers, near to it."""
    filled = np.nan_to_num(heights.height_m, nan=-np.inf) > grasp.pos_world_m[2] + _CLEAR_M
    rows, columns = np.indices(filled.shape)
    places = heights.origin_m + np.stack([columns, rows], -1) * heights.cell_m
    away = np.linalg.norm(places - grasp.pos_world_m[:2], axis=-1)
    labels, _ = ndimage.label(filled & (away <= _AROUND_M))
    nearest = np.unravel_index(np.where(labels > 0, away, np.inf).argmin(), away.shape)
    return np.asarray(places[(labels == labels[nearest]) & (labels > 0)])


def _places(centre: Array) -> Array:
    """Return the places (n, 2) to look at."""
    steps = np.arange(-SEARCH_M, SEARCH_M + 1e-9, _STEP_M)
    grid = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    return np.asarray(centre + grid[np.linalg.norm(grid, axis=1) <= SEARCH_M])


def _best_along(heights: HeightMap, point: Array, places: Array, yaw: float, turned: float) -> Grasp | None:
    """Return the best grasp that closes along one direction, `turned` away from the hand's."""
    seen, reach = _profiles(heights, places, yaw + turned)
    middle = seen.shape[1] // 2
    top = np.median(seen[:, middle - 1 : middle + 2].max(1), axis=1)
    landing = _landing(seen, reach)
    lowest = np.maximum(landing + _CLEAR_M, top - MOST_GRIP_M)
    possible = np.isfinite(top) & (lowest <= top - LEAST_GRIP_M)
    lowest = np.maximum(lowest, np.minimum(_beside(seen, top - FIRM_GRIP_M) + FREE_M, top - LEAST_GRIP_M))
    if not possible.any():
        return None
    places, seen, lowest, top = places[possible], seen[possible], lowest[possible], top[possible]
    height = np.clip(point[2], lowest, np.maximum(top - FIRM_GRIP_M, lowest))
    width, off, slope, rows = _hold(seen > (height + _CLEAR_M)[:, None, None])
    aside = _off_middle(heights, places, yaw + turned, height)
    cost = (
        _away(np.linalg.norm(places - point[:2], axis=1) / _NEAR_M)
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
    pos = np.array([*places[best], height[best]])
    return Grasp(pos, yaw + turned, float(width[best]), float(top[best]), float(cost[best]))


def _landing(seen: Array, reach: Array) -> Array:
    """Return how high (n,) the ground is under the open fingers, of what `_profiles` returns."""
    return np.asarray(seen[:, np.abs(reach) >= 0.5 * OPENING_M].max((1, 2)))


def _beside(seen: Array, level: Array) -> Array:
    """Return how high (n,) it is under and between the fingers (n, u, v) beside what stands above a level (n,)."""
    middle = seen.shape[1] // 2
    above = seen > level[:, None, None]
    before = np.cumprod(above[:, middle::-1], axis=1)[:, ::-1]
    after = np.cumprod(above[:, middle:], axis=1)
    held = np.concatenate([before, after[:, 1:]], axis=1).astype(bool)
    return np.asarray(np.where(held, -np.inf, seen).max((1, 2)))


def _away(distance: Array) -> Array:
    """Return what a distance (n,) costs: its square, from 2 on growing no faster than there (Huber's loss)."""
    return np.asarray(np.where(distance < 2.0, distance**2, 4.0 * distance - 4.0))


def _profiles(heights: HeightMap, places: Array, yaw: float) -> tuple[Array, Array]:
    """Return heights (n, u, v) under a gripper at places (n, 2), -inf where unknown, and how far out (u,) they lie.

    u runs along the closing direction, from outside of one finger to outside of the other; v across the fingers.
    """
    along, across = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    cells = round((0.5 * OPENING_M + FINGER_M) / _STEP_M)
    reach = np.arange(-cells, cells + 1) * _STEP_M
    under = reach[:, None, None] * along + _ROWS[:, None] * across
    seen = heights.at(places[:, None, None] + under)
    return np.where(np.isnan(seen), -np.inf, seen), reach


def _hold(filled: NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
    """Measure what is between the fingers.

    Args:
        filled: bool (n, u, v), where something stands as high as the fingers.

    Returns:
        Its width (n,), m; how far its middle is off the fingers', m; how askew its faces are, as a slope; and how many
        of the rows across the fingers it fills.
    """
    middle = filled.shape[1] // 2
    before = np.cumprod(filled[:, middle::-1], axis=1).sum(1)  # (n, v): cells from the middle on
    after = np.cumprod(filled[:, middle:], axis=1).sum(1)
    there = before > 0
    rows = there.sum(1)
    count = np.maximum(rows, 1)
    width = np.where(there, before + after - 1, 0).sum(1) / count * _STEP_M
    off = 0.5 * np.where(there, after - before, 0).sum(1) / count * _STEP_M
    askew = 0.5 * (np.abs(_slope(before, there)) + np.abs(_slope(after, there))) * _STEP_M
    return width, off, askew, rows


def _off_middle(heights: HeightMap, places: Array, yaw: float, height: Array) -> Array:
    """Return how far (n,) places are from the middle of a short thing, along its length; 0 on a long one.

    What is turned, turns about its middle, and what is held there hangs in balance.
    """
    cells = round(SHORT_M / _STEP_M)
    along = np.arange(-cells, cells + 1) * _STEP_M
    seen = heights.at(places[:, None] + along[:, None] * np.array([-np.sin(yaw), np.cos(yaw)]))
    filled = np.nan_to_num(seen, nan=-np.inf) > (height + _CLEAR_M)[:, None]
    before = np.cumprod(filled[:, cells::-1], axis=1).sum(1)
    after = np.cumprod(filled[:, cells:], axis=1).sum(1)
    ends = (before > 0) & (before <= cells) & (after <= cells)
    return np.where(ends, 0.5 * np.abs(after - before) * _STEP_M, 0.0)


def _slope(edges: NDArray[np.int64], there: NDArray[np.bool_]) -> Array:
    """Return how edges (n, v) run askew, in cells a metre, by least squares over the rows that are there."""
    mean = np.where(there, _ROWS, 0.0).sum(1) / np.maximum(there.sum(1), 1)
    centred = np.where(there, _ROWS - mean[:, None], 0.0)
    return np.asarray((centred * edges).sum(1) / np.maximum((centred**2).sum(1), 1e-9))

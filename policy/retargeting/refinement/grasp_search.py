"""Search in a height map for a grasp of a parallel gripper from above, near a point.

Antipodal grasps (two fingers on opposite faces, closing along their normal), which grasp planners look for in depth
images (Mahler et al. 2017, "Dex-Net 2.0", Sec. III), here scored by hand: near to where a hand closed, across the
narrow side, square to the faces, on the middle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from .grasp_scoring import CLEAR_M, SHORT_M, Grasp, best_grasp_along, landing, profiles
from .height_map import Array, HeightMap

SEARCH_M = 0.07  # how far from the hand's closing point a grasp may be
_STEP_M, _TURNS = 0.003, 18
_AROUND_M, _LEAST_CELLS, _LONG, _ASKEW_RAD = 0.06, 20, 1.6, 0.35


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
    found = [best_grasp_along(heights, point, positions, yaw_rad, float(turned)) for turned in turns]
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
    seen, reach = profiles(heights, moved.pos_world_m[None, :2], moved.yaw_rad)
    return moved if landing(seen, reach)[0] + CLEAR_M <= moved.pos_world_m[2] else grasp


def _outline(heights: HeightMap, grasp: Grasp) -> Array:
    """Return the points (n, 2) that are connected to a grasp's middle and as high as its fingers, near to it."""
    filled = np.nan_to_num(heights.height_m, nan=-np.inf) > grasp.pos_world_m[2] + CLEAR_M
    rows, columns = np.indices(filled.shape)
    points = heights.origin_m + np.stack([columns, rows], -1) * heights.cell_m
    away = np.linalg.norm(points - grasp.pos_world_m[:2], axis=-1)
    labels, _ = ndimage.label(filled & (away <= _AROUND_M))
    nearest = np.unravel_index(np.where(labels > 0, away, np.inf).argmin(), away.shape)
    return np.asarray(points[(labels == labels[nearest]) & (labels > 0)])

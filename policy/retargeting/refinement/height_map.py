"""Height map of a scene round a point, from a depth image: what a grasp from above needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Camera

Array = NDArray[np.float64]

WINDOW_M, CELL_M = 0.24, 0.003


@dataclass(frozen=True, eq=False)
class HeightMap:
    """World z of the highest surface that the camera sees in each cell of a horizontal square grid.

    Row i lies at `y = origin_m[1] + i * cell_m`, column j at `x = origin_m[0] + j * cell_m`.
    """

    height_m: Array  # (n, n); NaN where the camera sees none
    origin_m: Array  # (2,), world x and y of the first cell's middle
    cell_m: float = CELL_M

    @property
    def ground_m(self) -> float:
        """The lowest height in view; infinite if nothing is."""
        return float(np.nanmin(self.height_m, initial=np.inf))

    def at(self, xy_world_m: Array) -> Array:
        """Return the heights (...) at points (..., 2); NaN outside the map."""
        cells = np.rint((xy_world_m - self.origin_m) / self.cell_m).astype(np.int64)
        inside = ((cells >= 0) & (cells < len(self.height_m))).all(-1)
        column, row = np.moveaxis(np.clip(cells, 0, len(self.height_m) - 1), -1, 0)
        return np.where(inside, self.height_m[row, column], np.nan)


def height_map(depth_m: NDArray[np.floating], camera: Camera, centre_world_m: Array) -> HeightMap:
    """Project a depth image onto the ground round a point (2,) or (3,), the middle of the map.

    The image is float (h, w), m along the optical axis, of the camera's shape, in any size; not finite where unknown.
    One of another shape is an `InputError`.
    """
    depth = np.asarray(depth_m, np.float64)
    if depth.ndim != 2:
        raise InputError(f"depth_m must have shape (h, w), got {depth.shape}")
    centre = np.asarray(centre_world_m, np.float64)[:2]
    points = _points(depth, camera, centre)
    side = round(WINDOW_M / CELL_M) | 1
    origin = centre - 0.5 * (side - 1) * CELL_M
    heights = np.full((side, side), -np.inf)
    column, row = np.rint((points[:, :2] - origin) / CELL_M).astype(np.int64).T
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    np.maximum.at(heights, (row[inside], column[inside]), points[inside, 2])
    return HeightMap(np.where(np.isfinite(heights), heights, np.nan), origin)


def _points(depth: Array, camera: Camera, centre: Array) -> Array:
    """Return points (n, 3) of the surfaces near a centre, so many a pixel that they leave no cell out."""
    height, width = depth.shape
    scale = np.diag([width / camera.width, height / camera.height, 1.0])
    rays = camera.T_world_camera[:3, :3] @ np.linalg.inv(scale @ camera.K)
    eye = camera.T_world_camera[:3, 3]
    v, u = np.nonzero(np.isfinite(depth) & (depth > 0))
    pixels, far = np.stack([u + 0.5, v + 0.5, np.ones(len(u))]), depth[v, u]
    near = (np.abs(((rays @ pixels) * far).T[:, :2] + eye[:2] - centre) <= 0.5 * WINDOW_M + 0.01).all(1)
    pixels, far = pixels[:, near], far[near]
    if not far.size:
        return np.empty((0, 3))
    parts = max(int(np.ceil(1.5 * np.median(far) * np.linalg.norm(rays[:, 0]) / CELL_M)), 1)
    offsets = (np.arange(parts) + 0.5) / parts - 0.5
    shifts = [np.array([[dx], [dy], [0.0]]) for dx in offsets for dy in offsets]
    return np.concatenate([((rays @ (pixels + shift)) * far).T + eye for shift in shifts])

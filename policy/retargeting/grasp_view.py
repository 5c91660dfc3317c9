"""Orientation and middle line of a long thin object at a grasp point, from the context image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ivg.types import Camera

Array = NDArray[np.float64]

WINDOW_M, PIXEL_M = 0.16, 0.001
SEARCH_M = 0.03
ELONGATED, FULL = 1.6, 0.8
THINNEST_M, WIDEST_M = 0.008, 0.06
_COLOUR, _GRID_M, _END_M = 16.0, 0.005, 0.012


@dataclass(frozen=True)
class GraspView:
    """A long thin patch of one colour near a point."""

    offset_m: Array  # (2,), the shortest offset from the point onto the patch's middle line, world x and y
    across_rad: float  # direction across the patch, about the world's z axis
    length_m: float
    width_m: float
    distance_m: float  # from the point to the patch


def grasp_view(frame: NDArray[np.uint8], camera: Camera, point_world_m: Array) -> GraspView | None:
    """Look for something long and thin at a grasp point.

    The image is projected onto the horizontal plane through the point. Patches there are connected pixels of a similar
    colour (CIE L*a*b* distance of 16 or less to a seed within `SEARCH_M` of the point), with their principal axes;
    those that fill less than `FULL` of their rectangle (an arc, a branching object) are left out. The result is the
    patch that is long for its width and near to the point (3,), where the hand grasps; None if there is none in the
    image, uint8 (h, w, 3), RGB, without hands, of the camera's shape, in any size.
    """
    window = _from_above(frame, camera, np.asarray(point_world_m, np.float64))
    if window is None:
        return None
    views = [view for mask in _patches(window) if (view := _measure(mask)) is not None]
    # Long for its width, and near; 1 cm counts as 1 of the ratio.
    return max(views, key=lambda view: min(view.length_m / view.width_m, 4.0) - view.distance_m / 0.01, default=None)


def _measure(mask: NDArray[np.bool_]) -> GraspView | None:
    """Return a patch's axes; None if it is not long and thin."""
    rows, columns = np.nonzero(mask)
    half = 0.5 * (len(mask) - 1)
    points = np.stack([columns - half, half - rows], axis=1) * PIXEL_M
    values, vectors = np.linalg.eigh(np.cov(points.T))
    width, length = np.sqrt(12 * np.maximum(values, 1e-9))  # of a rectangle with this variance
    full = len(points) * PIXEL_M**2 / (length * width)
    if length < ELONGATED * width or full < FULL or not THINNEST_M < width < WIDEST_M:
        return None
    middle = points.mean(0)
    off = vectors.T @ -middle  # of the point from the middle, across and along
    beyond = max(abs(off[1]) - max(0.5 * length - _END_M, 0.0), 0.0) * np.sign(off[1])
    to_line = -(vectors @ np.array([off[0], beyond]))
    across = float(np.arctan2(vectors[1, 0], vectors[0, 0]))
    return GraspView(to_line, across, float(length), float(width), float(np.linalg.norm(points, axis=1).min()))


def _from_above(frame: NDArray[np.uint8], camera: Camera, point: Array) -> NDArray[np.uint8] | None:
    """Return the square window round a point, seen from above: x to the right, y up, `PIXEL_M` a pixel."""
    height, width = frame.shape[:2]
    scale = np.diag([width / camera.width, height / camera.height, 1.0])
    world_to_camera = np.linalg.inv(camera.T_world_camera)
    side = round(WINDOW_M / PIXEL_M)
    half = 0.5 * (side - 1)
    to_world = np.array([[PIXEL_M, 0, point[0] - half * PIXEL_M], [0, -PIXEL_M, point[1] + half * PIXEL_M], [0, 0, 1]])
    plane = np.stack([world_to_camera[:3, 0], world_to_camera[:3, 1], world_to_camera[:3, :3] @ [0, 0, point[2]]], 1)
    plane[:, 2] += world_to_camera[:3, 3]
    homography = scale @ camera.K @ plane @ to_world
    centre = homography @ [half, half, 1.0]
    x, y = centre[:2] / centre[2]
    if centre[2] <= 0 or not (0 <= x < width and 0 <= y < height):
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(frame, homography, (side, side), flags=flags), np.uint8)


def _patches(window: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
    """Return patches of one colour near the window's middle, the nearest to it first."""
    lab = cv2.cvtColor(window.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    half = 0.5 * (len(window) - 1)
    steps = np.arange(-SEARCH_M, SEARCH_M + 1e-9, _GRID_M)
    seeds = sorted(((x, y) for x in steps for y in steps if np.hypot(x, y) <= SEARCH_M), key=lambda p: np.hypot(*p))
    found: list[NDArray[np.bool_]] = []
    for x, y in seeds:
        column, row = round(half + x / PIXEL_M), round(half - y / PIXEL_M)
        if any(mask[row, column] for mask in found):
            continue
        colour = np.median(lab[row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3), axis=0)
        alike = (np.linalg.norm(lab - colour, axis=-1) <= _COLOUR).astype(np.uint8)
        alike = cv2.morphologyEx(alike, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        _, labels = cv2.connectedComponents(alike)
        if labels[row, column] > 0:
            found.append(labels == labels[row, column])
    return found

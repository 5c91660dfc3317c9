"""The outlines of a region, as polygons."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_TOLERANCE_PX = 0.7
"""How far an outline may lie from the region's edge, px."""


def outlines(mask: NDArray[np.bool_]) -> list[list[float]]:
    """Return the edges of a region.

    Args:
        mask: bool (h, w).

    Returns:
        Polygons as x, y, x, y, ..., normalised image coordinates. Filled by the even-odd rule they give the region:
        holes are polygons of their own. A polygon runs through the centres of the pixels at its edge.
    """
    height, width = mask.shape
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    polygons = [cv2.approxPolyDP(contour, _TOLERANCE_PX, closed=True)[:, 0] for contour in found]
    scale = np.array([width, height])
    return [np.round((polygon + 0.5) / scale, 4).ravel().tolist() for polygon in polygons]

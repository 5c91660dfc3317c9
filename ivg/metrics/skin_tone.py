"""Whether a hand keeps its colour through a clip."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour import delta_e, to_lab

PALM = (0, 1, 5, 9, 13, 17)
"""Joints whose hull is the palm or the hand's back: all skin, little shade, rarely behind what is held."""


def palm_colours(frames: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Returns the median Lab colour of each palm in each frame: (t, 2, 3), NaN where there is none.

    Args:
        frames: uint8 (t, h, w, 3).
        keypoints: (t, 2, 21, 2), normalised, NaN where absent.
    """
    size = np.array(frames.shape[2:0:-1])
    lab = to_lab(frames)
    colours = np.full((*keypoints.shape[:2], 3), np.nan, dtype=np.float32)
    for t, hand in np.argwhere(np.isfinite(keypoints).all((-1, -2))):
        hull = cv2.convexHull(np.round(keypoints[t, hand, PALM] * size).astype(np.int32))
        mask = np.zeros(frames.shape[1:3], dtype=np.uint8)
        cv2.fillConvexPoly(mask, hull, (1,))
        if mask.any():
            colours[t, hand] = np.median(lab[t][mask == 1], axis=0)
    return colours


def skin_spread(colours: NDArray[np.floating]) -> float:
    """Returns the mean Delta E of a hand's colour in a frame to its median over the clip; NaN without hands.

    Args:
        colours: (t, 2, 3), from `palm_colours`. Each hand is compared with itself.
    """
    distances = []
    for hand in range(colours.shape[1]):
        seen = colours[:, hand][np.isfinite(colours[:, hand]).all(-1)]
        if len(seen) > 1:
            distances.append(delta_e(seen, np.median(seen, axis=0)))
    return float(np.concatenate(distances).mean()) if distances else float("nan")


def skin_difference(colours: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Returns Delta E between the median colours of two clips' hands (t, 2, 3); NaN if one has none."""
    medians = []
    for clip in (colours, truth):
        seen = clip[np.isfinite(clip).all(-1)]
        if not len(seen):
            return float("nan")
        medians.append(np.median(seen, axis=0))
    return float(delta_e(*medians))

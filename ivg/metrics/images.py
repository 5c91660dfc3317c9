"""PSNR, colour differences (CIE Lab, Delta E of 1976) and the constancy of a hand's skin tone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CEILING_DB = 100.0  # PSNR of identical images, instead of infinity
PALM = (0, 1, 5, 9, 13, 17)  # joints whose hull is the palm or the hand's back: all skin, little shade, rarely occluded


def psnr(image: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float:
    """Returns the PSNR in dB, at most `CEILING_DB`; NaN if no pixel counts.

    `image` is (..., h, w, 3), `truth` broadcastable to that; the pixels of `mask` (..., h, w) count, all if None.
    """
    squared = np.square(image.astype(np.float32) - truth.astype(np.float32)).mean(-1)
    if mask is not None:
        squared = squared[np.broadcast_to(mask, squared.shape)]
    if squared.size == 0:
        return float("nan")
    mean = float(squared.mean(dtype=np.float64))
    return CEILING_DB if mean == 0.0 else min(CEILING_DB, float(10 * np.log10(255.0**2 / mean)))


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns CIE Lab (L 0 to 100, a and b about -128 to 127; D65) of sRGB images uint8 (..., h, w, 3)."""
    rows = np.ascontiguousarray(rgb.reshape(-1, rgb.shape[-2], 3))
    lab = cv2.cvtColor(rows.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, dtype=np.float32).reshape(rgb.shape)


def delta_e(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.floating]:
    """Returns the distance of Lab colours (..., 3); about 2.3 is just noticeable, 10 is seen at a glance."""
    return np.asarray(np.linalg.norm(first - second, axis=-1))


def palm_colours(frames: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Returns the median Lab colour of each palm in each frame: (t, 2, 3), NaN where there is none.

    `frames` are (t, h, w, 3), `keypoints` (t, 2, 21, 2), normalised, NaN where absent.
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
    """Returns the mean Delta E of each hand's `palm_colours` (t, 2, 3) to its own median; NaN without hands."""
    distances = []
    for hand in range(colours.shape[1]):
        seen = colours[:, hand][np.isfinite(colours[:, hand]).all(-1)]
        if len(seen) > 1:
            distances.append(delta_e(seen, np.median(seen, axis=0)))
    return float(np.concatenate(distances).mean()) if distances else float("nan")


def skin_difference(colours: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Returns Delta E between the median `palm_colours` of two clips (t, 2, 3); NaN if one has no hands."""
    seen = [clip[np.isfinite(clip).all(-1)] for clip in (colours, truth)]
    if not all(map(len, seen)):
        return float("nan")
    return float(delta_e(*(np.median(clip, axis=0) for clip in seen)))

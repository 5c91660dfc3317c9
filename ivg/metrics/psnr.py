"""Peak signal-to-noise ratio, of whole pictures or inside a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CEILING_DB = 100.0
"""What identical pictures get, instead of infinity."""


def psnr(picture: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float:
    """Returns the PSNR in dB of uint8 pictures or clips, at most `CEILING_DB`.

    Args:
        picture: uint8 (..., h, w, 3).
        truth: uint8, broadcastable to the same shape.
        mask: bool (..., h, w), the pixels that count; all of them if None.

    Returns:
        Decibels; NaN if no pixel counts.
    """
    squared = np.square(picture.astype(np.float32) - truth.astype(np.float32)).mean(-1)
    if mask is not None:
        squared = squared[np.broadcast_to(mask, squared.shape)]
    if squared.size == 0:
        return float("nan")
    mean = float(squared.mean(dtype=np.float64))
    if mean == 0.0:
        return CEILING_DB
    return min(CEILING_DB, float(10 * np.log10(255.0**2 / mean)))

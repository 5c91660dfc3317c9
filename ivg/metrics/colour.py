"""Colours as the eye tells them apart: CIE Lab, and the distance in it (Delta E, CIE 1976)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns CIE Lab (L 0 to 100, a and b about -128 to 127; D65) of sRGB pictures uint8 (..., h, w, 3)."""
    rows = np.ascontiguousarray(rgb.reshape(-1, rgb.shape[-2], 3))
    lab = cv2.cvtColor(rows.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, dtype=np.float32).reshape(rgb.shape)


def delta_e(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.floating]:
    """Returns the distance of Lab colours (..., 3); about 2.3 is just noticeable, 10 is seen at a glance."""
    return np.asarray(np.linalg.norm(first - second, axis=-1))

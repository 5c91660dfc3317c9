"""Fitting a frame of any size into the square that the detector sees, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Letterbox:
    """The map between a frame and the square picture it is centred in.

    MediaPipe projects its landmarks rightly only from square pictures, and finds small hands better when a
    small picture is enlarged first.

    Attributes:
        height: Height of the frame in pixels.
        width: Width of the frame in pixels.
        side: Side of the square in pixels.
    """

    height: int
    width: int
    side: int

    @classmethod
    def for_frame(cls, height: int, width: int, at_least: int) -> Letterbox:
        """Choose the square for a frame: its longer side, enlarged to `at_least` pixels if it is smaller."""
        return cls(height, width, max(height, width, at_least))

    def fit(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Enlarge a frame (h, w, 3) and centre it on a black square (side, side, 3)."""
        longer = max(self.height, self.width)
        rows, columns = (max(1, round(n * self.side / longer)) for n in (self.height, self.width))
        inner = frame
        if (rows, columns) != frame.shape[:2]:
            inner = np.asarray(cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_CUBIC), np.uint8)
        if rows == columns:
            return np.ascontiguousarray(inner)
        square = np.zeros((self.side, self.side, 3), np.uint8)
        top, left = (self.side - rows) // 2, (self.side - columns) // 2
        square[top : top + rows, left : left + columns] = inner
        return square

    def to_frame(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Map points (..., 2), normalised by the square, to points normalised by the frame."""
        longer = max(self.height, self.width)
        inner = np.array([max(1, round(n * self.side / longer)) for n in (self.width, self.height)])
        offset = (self.side - inner) // 2
        return np.asarray((points * self.side - offset) / inner, np.float32)

"""Fitting a frame of any size into the square that a network works on, and back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Framing:
    """The map between a frame and a network's square, in which the frame is centred with its aspect kept."""

    height: int  # height of the frame in pixels
    width: int  # width of the frame in pixels
    size: int  # side of the square in pixels

    @classmethod
    def enlarging(cls, height: int, width: int, at_least: int) -> Framing:
        """Choose a square of the frame's longer side, or of `at_least` pixels if it is smaller."""
        return cls(height, width, max(height, width, at_least))

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the square that the frame takes up."""
        longer = max(self.height, self.width)
        rows, columns = (max(1, round(n * self.size / longer)) for n in (self.height, self.width))
        top, left = (self.size - rows) // 2, (self.size - columns) // 2
        return slice(top, top + rows), slice(left, left + columns)

    def fit(self, image: NDArray[np.uint8], *, black: bool = False) -> NDArray[np.uint8]:
        """Fit an image (h, w, 3) into the square (s, s, 3); the margins repeat its edges, or are black."""
        if image.shape[:2] == (self.size, self.size):
            return np.ascontiguousarray(image)
        rows, columns = self.window
        shape = (columns.stop - columns.start, rows.stop - rows.start)
        shrinks = shape[0] < self.width
        inner = cv2.resize(image, shape, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        border = cv2.BORDER_CONSTANT if black else cv2.BORDER_REPLICATE
        margins = (rows.start, self.size - rows.stop, columns.start, self.size - columns.stop)
        return np.asarray(cv2.copyMakeBorder(inner, *margins, border), dtype=np.uint8)

    def fit_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Fit a mask (h, w) into the square (s, s)."""
        if mask.shape == (self.size, self.size):
            return mask
        rows, columns = self.window
        shape = (columns.stop - columns.start, rows.stop - rows.start)
        square = np.zeros((self.size, self.size), bool)
        square[rows, columns] = cv2.resize(mask.astype(np.float32), shape, interpolation=cv2.INTER_AREA) >= 0.5
        return square

    def back(self, square: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring values on the square, float (s, s) or (s, s, c), to the frame's size."""
        if (self.height, self.width) == (self.size, self.size):
            return square
        inner = np.ascontiguousarray(square[self.window])
        return np.asarray(cv2.resize(inner, (self.width, self.height), interpolation=cv2.INTER_LINEAR))

    def back_mask(self, square: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Bring a mask on the square (s, s) to the frame's size (h, w)."""
        return np.asarray(self.back(square.astype(np.float32)) >= 0.5)

    def back_points(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Map points (..., 2), normalised by the square, to points normalised by the frame."""
        rows, columns = self.window
        inner = np.array([columns.stop - columns.start, rows.stop - rows.start])
        return np.asarray((points * self.size - (columns.start, rows.start)) / inner, np.float32)

"""Fitting a frame of any size into the square that the model works on, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Framing:
    """The map between a frame and the model's square, in which the frame is centred with its aspect kept.

    Attributes:
        height: Height of the frame in pixels.
        width: Width of the frame in pixels.
        size: Side of the model's square in pixels.
    """

    height: int
    width: int
    size: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the square that the frame takes up."""
        longer = max(self.height, self.width)
        rows, columns = (max(1, round(n * self.size / longer)) for n in (self.height, self.width))
        top, left = (self.size - rows) // 2, (self.size - columns) // 2
        return slice(top, top + rows), slice(left, left + columns)

    def fit(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Fit a picture (h, w, 3) into the square (s, s, 3); its edges are drawn out into what is left over."""
        if picture.shape[:2] == (self.size, self.size):
            return np.ascontiguousarray(picture)
        rows, columns = self.window
        shape = (columns.stop - columns.start, rows.stop - rows.start)
        shrinks = shape[0] < self.width
        inner = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        margins = (rows.start, self.size - rows.stop, columns.start, self.size - columns.stop)
        return np.asarray(cv2.copyMakeBorder(inner, *margins, cv2.BORDER_REPLICATE), dtype=np.uint8)

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

"""A canvas for images and texts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PAPER = (250, 249, 246)
INK = (28, 30, 34)
FAINT = (118, 120, 126)
RULE = (222, 219, 211)

Colour = tuple[int, int, int]


@lru_cache
def font(size: int, bold: bool = False) -> Any:
    """Return DejaVu Sans (it comes with matplotlib and has most alphabets), or else Pillow's own font."""
    try:
        from matplotlib import get_data_path

        name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
        return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), size)
    except (ImportError, OSError):
        return ImageFont.load_default(size)


def resize_image(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return an image (h, w, 3) at another size: averaged where it shrinks, interpolated where it grows."""
    method = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def resize_mask(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """Return a mask (h, w) at another size, with smooth edges where it grows."""
    grown = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown >= 0.5)


def fit_size(image: NDArray[np.uint8], longer_side: int) -> tuple[int, int]:
    """Return width and height, both even, of an image (h, w, 3) resized to a longer side."""
    height, width = image.shape[:2]
    scale = longer_side / max(height, width)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


class Canvas:
    """A canvas, in pixels from its upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self, x: float, y: float, words: str, size: int, *, colour: Colour = INK, bold: bool = False, anchor: str = "ls"
    ) -> float:
        """Write a line of text with its baseline at `y`, in a font of `size` pixels; return the x of its end.

        The `anchor` is Pillow's: "ls" starts at x, "rs" ends there, "ms" is centred.
        """
        self._draw.text((x, y), words, fill=colour, font=font(size, bold), anchor=anchor)
        return x + float(font(size, bold).getlength(words))

    def fitting(self, words: str, size: int, width: float, *, bold: bool = False) -> str:
        """Return the text, cut with an ellipsis if it is wider than `width` pixels."""
        measure = font(size, bold).getlength
        if measure(words) <= width:
            return words
        while words and measure(f"{words}…") > width:
            words = words[:-1]
        return f"{words.rstrip()}…"

    def image(self, x: int, y: int, pixels: NDArray[np.uint8], *, radius: int = 6) -> None:
        """Put an image (h, w, 3) with rounded corners at (x, y)."""
        height, width = pixels.shape[:2]
        mask = Image.new("L", (width * 3, height * 3), 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 3 - 1, height * 3 - 1), radius * 3, fill=255)
        self._image.paste(Image.fromarray(pixels), (x, y), mask.resize((width, height), Image.Resampling.BOX))
        self._draw.rounded_rectangle((x, y, x + width - 1, y + height - 1), radius, outline=RULE, width=1)

    def rule(self, x: int, y: int, width: int) -> None:
        """Draw a fine horizontal line."""
        self._draw.line((x, y, x + width, y), fill=RULE, width=1)

    def key(self, x: float, y: float, colour: Colour, words: str, size: int) -> float:
        """Draw an entry of a legend (a dot and a text, baseline at `y`); return the x of its end."""
        radius = size * 0.36
        self._draw.ellipse((x, y - 2 * radius, x + 2 * radius, y), fill=colour)
        return self.text(x + 2 * radius + size * 0.45, y, words, size, colour=FAINT)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The canvas as uint8 (h, w, 3), RGB."""
        return np.asarray(self._image)

"""Pictures in a row as one packed picture of many cells, which a web page can draw one by one."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BLOCK = 16
"""Cells are multiples of this size, px, so that a packed block of colours never spans two of them."""

_LARGEST = 16383
"""Of a WebP picture, px."""


def sprite(frames: NDArray[np.uint8], *, size: int, quality: int) -> dict[str, Any]:
    """Pack frames into one picture.

    Args:
        frames: uint8 (n, h, w, 3), RGB.
        size: Height and width of a frame at most, px; larger ones are shrunk.
        quality: Of the packed picture, 1 to 100.

    Returns:
        JSON values: `data` (base64 of WebP), `type`, `count`, `columns`, `width` and `height` of a frame, and
        `cell_width` and `cell_height` of its cell. Frame k lies at the top left of cell k; cells run from left to
        right, row by row.
    """
    frames = shrunk(frames, size)
    count, height, width, _ = frames.shape
    down, right = -height % _BLOCK, -width % _BLOCK
    cells = np.pad(frames, ((0, 0), (0, down), (0, right), (0, 0)), mode="edge")
    cell_height, cell_width = cells.shape[1:3]
    columns = min(math.ceil(math.sqrt(count)), _LARGEST // cell_width)
    rows = math.ceil(count / columns)
    cells = np.concatenate([cells, np.zeros((rows * columns - count, *cells.shape[1:]), np.uint8)])
    grid = cells.reshape(rows, columns, cell_height, cell_width, 3).swapaxes(1, 2)
    packed = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(grid.reshape(rows * cell_height, columns * cell_width, 3)))
    picture.save(packed, "WEBP", quality=quality, method=4)
    return {
        "data": base64.b64encode(packed.getvalue()).decode(),
        "type": "image/webp",
        "count": count,
        "columns": columns,
        "width": width,
        "height": height,
        "cell_width": cell_width,
        "cell_height": cell_height,
    }


def shrunk(frames: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return frames uint8 (n, h, w, 3) with neither side longer than `size` px, of the same proportions."""
    height, width = frames.shape[1:3]
    scale = size / max(height, width)
    if scale >= 1:
        return frames
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.stack([np.asarray(cv2.resize(f, target, interpolation=cv2.INTER_AREA), np.uint8) for f in frames])

"""Pictures as PNG, which loses nothing, and pictures of another size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ivg.errors import StoreError

PNG_EFFORT = 3
"""zlib's level: higher ones take longer and save little."""


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture, uint8 (h, w, 3) RGB, as the bytes of a PNG file."""
    done, packed = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    if not done:
        raise StoreError(f"a picture of shape {picture.shape} cannot be written as PNG")
    return packed.tobytes()


def decode_image(packed: bytes) -> NDArray[np.uint8]:
    """Return the picture, uint8 (h, w, 3) RGB, in the bytes of a PNG or JPEG file.

    Raises:
        StoreError: If they are no picture.
    """
    picture = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_COLOR) if packed else None
    if picture is None:
        raise StoreError(f"{len(packed)} bytes that should be a picture are none")
    return np.ascontiguousarray(picture[..., ::-1])


def resized(picture: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Return a picture at height and width `size` (all of it, its aspect not kept), or as it is if None."""
    if size is None or picture.shape[:2] == size:
        return picture
    smaller = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size[1], size[0]), interpolation=how), np.uint8)

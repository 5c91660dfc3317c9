"""Images as PNG and JPEG bytes, and at other sizes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import StoreError

PNG_EFFORT = 3  # zlib's level: higher ones take longer and save little


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Return an image, uint8 (h, w, 3) RGB, as the bytes of a PNG file."""
    done, packed = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    if not done:
        raise StoreError(f"an image of shape {image.shape} cannot be written as PNG")
    return packed.tobytes()


def encode_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return an image, uint8 (h, w, 3) RGB, as the bytes of a JPEG file of a quality from 1 to 100."""
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "JPEG", quality=quality)
    return packed.getvalue()


def decode_image(packed: bytes) -> NDArray[np.uint8]:
    """Return the image, uint8 (h, w, 3) RGB, of a PNG or JPEG file's bytes; raise a `StoreError` if they are none."""
    image = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_COLOR) if packed else None
    if image is None:
        raise StoreError(f"{len(packed)} bytes that should be an image are none")
    return np.ascontiguousarray(image[..., ::-1])


def resized(image: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Return an image at height and width `size` (its aspect ratio not kept), or as it is if None."""
    if size is None or image.shape[:2] == size:
        return image
    smaller = size[0] * size[1] < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=method), np.uint8)

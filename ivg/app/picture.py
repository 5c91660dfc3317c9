"""A picture that a visitor of ``ivg-app``'s page dropped, as a frame: nothing about the file is trusted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import InputError
from ..workflows.context import LARGEST_IMAGE, SMALLEST_PICTURE, ContextFrame

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
"""What is decoded; Pillow's other decoders are not tried."""

LARGEST_FILE_MB = 10
MOST_PIXELS = 40_000_000
LONGEST_TO_SHORTEST = 4
BACKGROUND = (255, 255, 255)
"""What is put behind transparent pictures."""

_ODD_PICTURE = (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError)


def frame_from_upload(path: Path, name: str) -> ContextFrame:
    """Read a picture upright, in colour, and reduce it if it is large.

    Args:
        path: The file.
        name: What the visitor calls it, for messages; the path is not told.

    Returns:
        The frame; its longer side has at most `LARGEST_IMAGE` pixels.

    Raises:
        InputError: If it is no picture of `FORMATS`, is damaged, too large, too small or too narrow.
    """
    if not path.is_file():
        raise InputError(f"'{name}' is not here any more: drop it again")
    size = path.stat().st_size
    if size > LARGEST_FILE_MB * 2**20:
        raise InputError(f"'{name}' has {size / 2**20:.1f} MB; at most {LARGEST_FILE_MB} MB are taken")
    try:
        with Image.open(path, formats=FORMATS) as file:
            _check_size(file, name)
            picture = _in_colour(ImageOps.exif_transpose(file))
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refusal(error, name) from error
    except InputError:
        raise
    except _ODD_PICTURE as error:
        raise InputError(f"'{name}' is damaged: it cannot be read to its end") from error
    full_size = picture.size
    picture.thumbnail((LARGEST_IMAGE, LARGEST_IMAGE), Image.Resampling.LANCZOS)
    origin = {"image": name, "image_size": list(full_size), "frame_size": list(picture.size)}
    return ContextFrame(np.array(picture, np.uint8), f"picture {name}", origin)


def _refusal(error: Exception, name: str) -> InputError:
    if isinstance(error, UnidentifiedImageError):
        return InputError(f"'{name}' is no picture of these kinds: {', '.join(FORMATS)}")
    return InputError(f"'{name}' has more than {MOST_PIXELS:,} pixels, which is more than is taken")


def _check_size(file: Image.Image, name: str) -> None:
    """Refuse a picture by its header, before its pixels are decoded."""
    width, height = file.size
    if width * height > MOST_PIXELS:
        raise InputError(f"'{name}' is {width} x {height}; at most {MOST_PIXELS:,} pixels are taken")
    if min(file.size) < SMALLEST_PICTURE:
        raise InputError(f"'{name}' is {width} x {height}: both sides must be at least {SMALLEST_PICTURE}")
    if max(file.size) > LONGEST_TO_SHORTEST * min(file.size):
        raise InputError(f"'{name}' is {width} x {height}: one side may be {LONGEST_TO_SHORTEST} times the other")


def _in_colour(picture: Image.Image) -> Image.Image:
    """Return a picture as RGB: grey levels of 16 bits scaled, transparency over `BACKGROUND`."""
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, BACKGROUND), layer).convert("RGB")


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(grey.astype(np.float32) / 257, 0, 255).round(), np.uint8)

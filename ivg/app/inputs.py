"""What visitors give: a task, a seed, an image file. Nothing about them is trusted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import InputError
from ..workflows.demo import ContextFrame
from ..workflows.demo.context import MIN_IMAGE_SIDE, frame_of_image

MAX_TEXT, MAX_SEED = 200, 2**31 - 1  # characters of a task, and the largest seed
MAX_FILE_MB, MAX_PIXELS, MAX_ASPECT = 10, 40_000_000, 4
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # Pillow's other decoders are not tried

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError)


def checked_task(text: str | None) -> str:
    """Return a task without needless blanks; one that says nothing, is too long or not printable is refused."""
    task = " ".join((text or "").split())
    if not any(character.isalpha() for character in task):
        raise InputError('the task must say what to do, such as "cut the carrot"')
    if len(task) > MAX_TEXT:
        raise InputError(f"the task has {len(task)} characters; at most {MAX_TEXT} are taken")
    if not task.isprintable():
        raise InputError("the task holds characters that cannot be printed")
    return task


def checked_seed(seed: int | None) -> int:
    """Return a seed, if it is in [0, `MAX_SEED`]."""
    if seed is None or not 0 <= seed <= MAX_SEED:
        shown = "nothing" if seed is None else str(seed)[:40]
        raise InputError(f"seed must be a whole number from 0 to {MAX_SEED:,}, got {shown}")
    return int(seed)


def frame_from_upload(path: Path, name: str) -> ContextFrame:
    """Read an image upright, in colour, and reduce it if it is large.

    What is no image of `FORMATS`, damaged, too large, too small or too narrow is an `InputError`, whose message holds
    the visitor's name for the file, not the path.
    """
    if not path.is_file():
        raise InputError(f"'{name}' is not here any more: drop it again")
    size = path.stat().st_size
    if size > MAX_FILE_MB * 2**20:
        raise InputError(f"'{name}' has {size / 2**20:.1f} MB; at most {MAX_FILE_MB} MB are taken")
    try:
        with Image.open(path, formats=FORMATS) as file:
            _check_size(file, name)
            image = _in_colour(ImageOps.exif_transpose(file))
    except UnidentifiedImageError as error:
        raise InputError(f"'{name}' is no image of these kinds: {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"'{name}' has more than {MAX_PIXELS:,} pixels, which is more than is taken") from error
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(f"'{name}' is damaged: it cannot be read to its end") from error
    return frame_of_image(image, name)


def _check_size(file: Image.Image, name: str) -> None:
    """Refuse an image by its header, before its pixels are decoded."""
    width, height = file.size
    if width * height > MAX_PIXELS:
        raise InputError(f"'{name}' is {width} x {height}; at most {MAX_PIXELS:,} pixels are taken")
    if min(file.size) < MIN_IMAGE_SIDE:
        raise InputError(f"'{name}' is {width} x {height}: both sides must be at least {MIN_IMAGE_SIDE}")
    if max(file.size) > MAX_ASPECT * min(file.size):
        raise InputError(f"'{name}' is {width} x {height}: one side may be {MAX_ASPECT} times the other")


def _in_colour(image: Image.Image) -> Image.Image:
    """Return an image as RGB: grey levels of 16 bits scaled, transparency over white."""
    if image.mode.startswith(("I", "F")):
        levels = np.clip(np.asarray(image).astype(np.float32) / 257, 0, 255).round()
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")

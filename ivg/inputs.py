"""Checks of what users give: texts, seeds, images, and lists of them."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

LONGEST = 1000
"""Characters of a text; far more than the text encoders read."""

LARGEST_SEED = 2**63 - 1
"""Datasets keep seeds as int64."""

MIN_SIDE = 16
"""Least height and width of an image in pixels."""


def check_text(text: object) -> str:
    """Return the text if it is one that says something.

    Raises:
        InputError: If it is no string, says nothing, is longer than `LONGEST` or holds control characters other than
            blanks.
    """
    if not isinstance(text, str):
        raise InputError(f"text must be a string, got {type(text).__name__}")
    if not text.strip():
        raise InputError(f"text must say what the hand shall do (like 'cut the carrot'), got {text!r}")
    if len(text) > LONGEST:
        raise InputError(f"text must have at most {LONGEST} characters, got {len(text)}: {text[:20]!r}...")
    odd = [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs") and not letter.isspace()]
    if odd:
        raise InputError(f"text must not hold control characters, got {odd[0]!r} in {text[:40]!r}")
    return text


def check_seed(seed: object, name: str = "seed", largest: int = LARGEST_SEED) -> int:
    """Return a seed as an int.

    Raises:
        InputError: If it is no whole number from 0 to `largest`.
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise InputError(f"{name} must be a whole number, got {seed!r}")
    number = int(seed)
    shown = number if number.bit_length() < 80 else f"a number of {number.bit_length()} bits"
    if number < 0:
        raise InputError(f"{name} must not be negative, got {shown}")
    if number > largest:
        raise InputError(f"{name} must be at most {largest}, got {shown}")
    return number


def check_image(image: Any) -> NDArray[np.uint8]:
    """Return an image, a numpy array or a PIL image, as uint8 (h, w, 3).

    Raises:
        InputError: If it is neither, of another dtype or shape, or smaller than 16 x 16 pixels.
    """
    if hasattr(image, "convert"):  # of PIL
        image = np.asarray(image.convert("RGB"))
    if not isinstance(image, np.ndarray):
        raise InputError(f"image must be a numpy array or a PIL image, got {type(image).__name__}")
    if image.dtype != np.uint8:
        raise InputError(f"image must have dtype uint8 (values 0 to 255), got {image.dtype}")
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"image must have shape (h, w, 3), RGB, got {image.shape}")
    if min(image.shape[:2]) < MIN_SIDE:
        raise InputError(f"image must have at least 16 x 16 pixels, got {image.shape[0]} x {image.shape[1]}")
    return image


def spread(**given: Any) -> tuple[bool, dict[str, list[Any]]]:
    """Spread arguments over a batch: lists stay, what is no list is repeated.

    Args:
        **given: Values, or lists or tuples of values; an array (b, h, w, 3) is a list of images.

    Returns:
        Whether there is any list, and a list for each argument, all of one length.

    Raises:
        InputError: If lists differ in length, or are empty.
    """
    given = {n: list(v) if isinstance(v, np.ndarray) and v.ndim == 4 else v for n, v in given.items()}
    lengths = {name: len(value) for name, value in given.items() if isinstance(value, list | tuple)}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        found = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        raise InputError(f"lists must be of one length and not empty, got {found}")
    count = next(iter(lengths.values()), 1)
    return bool(lengths), {name: list(v) if name in lengths else [v] * count for name, v in given.items()}


def checked_device(name: str) -> str:
    """Return a device's name ("cpu", "cuda", "cuda:1", ...) if torch can compute there.

    Raises:
        InputError: If not; it names the devices that are there.
    """
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise InputError(f"device '{name}' cannot be used: {reason}; there is {', '.join(there)}") from error
    return name


def check_device(name: str | None) -> None:
    """Refuse a device on which torch cannot compute here, before processes start that would each fail.

    Raises:
        InputError: Naming the devices that are there. None and "cpu" are not looked at.
    """
    if name not in (None, "cpu"):
        checked_device(str(name))

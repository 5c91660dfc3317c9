"""Checks of what users give: texts, seeds, images, lists of them, arrays, cameras, devices."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

LONGEST = 1000  # characters of a text; far more than the text encoders read
LARGEST_SEED = 2**63 - 1  # datasets keep seeds as int64
MIN_SIDE = 16  # least height and width of an image in pixels

_LEAST_FOCAL_PX = 1e-3

_POSE_SLACK = 1e-3  # by how much a pose's rotation may miss being one


def check_text(text: object) -> str:
    """Return a text that says something in at most `LONGEST` characters, none of them a control character but blanks.

    Raises:
        InputError: If it is another one, or no string.
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
    """Return a seed as an int; raise an `InputError` if it is no whole number from 0 to `largest`."""
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
    """Return an image, a numpy array or a PIL image, as uint8 (h, w, 3); raise an `InputError` if it is none."""
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


def check_frames(frames: NDArray[np.uint8]) -> None:
    """Refuse frames that are not uint8 (t, h, w, 3), with one frame at least."""
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise InputError(f"frames must be uint8 (t, h, w, 3), got {frames.dtype} {frames.shape}")


def spread(**given: Any) -> tuple[bool, dict[str, list[Any]]]:
    """Spread arguments over a batch: lists and tuples stay, an array (b, h, w, 3) becomes a list, others are repeated.

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
    """Return a device's name ("cpu", "cuda", "cuda:1", ...); raise an `InputError` if torch cannot compute there."""
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise InputError(f"device '{name}' cannot be used: {reason}; there is {', '.join(there)}") from error
    return name


def check_device(name: str | None) -> None:
    """Refuse a device on which torch cannot compute, before processes start; None and "cpu" are not looked at."""
    if name not in (None, "cpu"):
        checked_device(str(name))


def check_array(name: str, value: Any, dtype: type, shape: tuple[int | None, ...]) -> None:
    """Refuse a value that is no array of this dtype and shape (`None` stands for any length)."""
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name} must be a numpy array, got {type(value).__name__}")
    expected = tuple("any" if n is None else n for n in shape)
    if value.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, value.shape, strict=True)):
        raise InputError(f"{name} must have shape {expected}, got {value.shape}")
    if value.dtype != np.dtype(dtype):
        raise InputError(f"{name} must have dtype {np.dtype(dtype)}, got {value.dtype}")


def check_pinhole(K: NDArray[np.float64]) -> None:
    """Refuse intrinsics (3, 3) that have no inverse, or are no pinhole's."""
    is_one = np.isfinite(K).all() and K[1, 0] == 0 and np.array_equal(K[2], (0, 0, 1))
    if not is_one or min(K[0, 0], K[1, 1]) < _LEAST_FOCAL_PX:
        raise InputError(f"K must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with fx, fy > 0, got {K.tolist()}")


def check_pose(pose: NDArray[np.float64]) -> None:
    """Refuse poses (4, 4) that are no rotation and shift."""
    R = pose[:3, :3]
    is_one = np.isfinite(pose).all() and np.array_equal(pose[3], (0, 0, 0, 1)) and np.abs(R).max() < 1 + _POSE_SLACK
    if not is_one or not np.allclose(R @ R.T, np.eye(3), atol=_POSE_SLACK) or np.linalg.det(R) < 0:
        raise InputError(f"T_world_camera must be a rotation and a shift, its last row 0, 0, 0, 1, got {pose.tolist()}")

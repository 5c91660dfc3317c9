"""Checks of arguments that many functions share, and what the system's refusals mean."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError, IvgError
from ..inputs import check_seed

LARGEST_FIRST_SEED = 2**62  # of a run that counts seeds up from a first one

# What the system says to any program, however right: no room, no permission, a broken disk.
_REFUSALS = ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO", "EISDIR")


def check_positive(**values: float | None) -> None:
    """Refuse arguments that have to be positive and are not, by an `InputError`; None is one that was not given."""
    for name, value in values.items():
        if value is not None and not value > 0:
            raise InputError(f"{name} must be positive, got {value}")


def check_fraction(**values: float) -> None:
    """Refuse arguments that are not in [0, 1], by an `InputError`."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise InputError(f"{name} must lie in [0, 1], got {value}")


def check_size(size: int) -> None:
    """Refuse a height and width, px, that clips cannot be rendered in, by an `InputError`."""
    if not 32 <= size <= 1024:
        raise InputError(f"size must be from 32 to 1024 px, got {size}")


def check_first_seed(**seeds: int) -> None:
    """Refuse a first seed that is negative or too large to count up from, by an `InputError`."""
    for name, seed in seeds.items():
        check_seed(seed, name, LARGEST_FIRST_SEED)


def check_can_be_folder(path: Path) -> None:
    """Refuse a path that is, or lies below, a file, before anything is done that would be lost."""
    existing = next(part for part in (path.absolute(), *path.absolute().parents) if part.exists())
    if not existing.is_dir():
        raise InputError(f"'{path}' must be a folder, but '{existing}' is a file")


def refusal_of(error: BaseException) -> str | None:
    """Return in words what the system refused (a full disk, a read-only folder); None for any other error."""
    if isinstance(error, OSError):
        number, name = error.errno, error.filename
    elif type(error).__name__ == "SafetensorError":  # by its name, so that nothing is loaded for this
        found = re.search(r"\(os error (\d+)\)", str(error))
        number, name = int(found.group(1)) if found else None, None
    else:
        return None
    if number is None or errno.errorcode.get(number) not in _REFUSALS:
        return None
    return f"{os.strerror(number)}: '{name}'" if name else f"{os.strerror(number)} (a file could not be written)"


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turn what the system refuses in the block (see `refusal_of`) into an `IvgError`."""
    try:
        yield
    except Exception as error:
        reason = refusal_of(error)
        if reason is None:
            raise
        raise IvgError(reason) from error

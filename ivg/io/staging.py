"""Output that is there whole or not at all: written beside its target, then renamed into it."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_HERE = -100  # AT_FDCWD: paths are relative to the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_TRIES, _PAUSE_S = 20, 0.05  # for removing a folder while threads may still write to it


@contextmanager
def staged_output(target: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a path to write a file or folder at, and move it to the target when the block ends well.

    If the block raises (Ctrl-C included), what it wrote is removed, and the target is as it was. The path lies beside
    the target (same file system, hidden, not existing yet), with its ending; the target's folder is made if needed.

    Raises:
        InputError: If the target exists and `overwrite` is not set, or its folder cannot be written to.
    """
    target = Path(target)
    refuse_existing(target, overwrite=overwrite)
    made = [folder for folder in target.parents if not folder.exists()]  # innermost first
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to '{target.parent}': {error.strerror}") from error
    stage = target.with_name(f".{uuid.uuid4().hex[:8]}.partial.{target.name}")
    try:
        yield stage
        refuse_existing(target, overwrite=overwrite)
        _swap(stage, target)
    except BaseException:
        _remove_failed(stage)
        for folder in made:
            folder.rmdir() if not any(folder.iterdir()) else None
        raise


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Raise an `InputError` if the target exists and is not to be overwritten."""
    if not overwrite and (target.exists() or target.is_symlink()):
        raise InputError(f"'{target}' exists already: choose another path, or ask to overwrite it")


def write_text_whole(target: str | Path, text: str) -> None:
    """Write a text file, or replace one, in one step; what is no file (``/dev/stdout``) is written to as it is."""
    target = Path(target).resolve()  # a link stays one
    if target.exists() and not target.is_file():
        target.write_text(text)
        return
    with staged_output(target, overwrite=True) as stage:
        stage.write_text(text)


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Map a new ``.npy`` file of zeros, for writing; an OSError is raised if there is no room for it.

    Its room on the disk is taken at once: otherwise writing to the mapped file would kill the process.
    """
    import numpy as np

    array: NDArray[Any] = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def clear_leftovers(target: Path) -> None:
    """Put away what writers of a target left that were killed; call it only while nobody else writes the target.

    Where the file system cannot exchange two folders in one step, one that is killed between two steps leaves no
    target; then it comes back as it was.
    """
    if not target.parent.is_dir():
        return
    old = _leftovers(target, "old")
    if old and not target.exists():
        max(old, key=lambda path: path.stat().st_mtime).rename(target)
    for path in (*_leftovers(target, "old"), *_leftovers(target, "partial")):
        _remove(path)


def _leftovers(target: Path, kind: str) -> list[Path]:
    """Return hidden paths beside a target, and what was made beside these."""
    begun = f".{kind}.{target.name}"
    return [
        path
        for path in target.parent.iterdir()
        if path.name[0] == "." and path.name[9:] in (begun, f"{begun}.folder") and path.name[1:9].isalnum()
    ]


def _swap(stage: Path, target: Path) -> None:
    """Move the stage to the target; what stood there goes only once the new one is in place."""
    if not target.exists() or (target.is_file() and stage.is_file()):
        stage.replace(target)
        return
    if exchange(stage, target):
        _remove(stage)
        return
    old = target.with_name(f".{uuid.uuid4().hex[:8]}.old.{target.name}")
    target.rename(old)
    try:
        stage.rename(target)
    except BaseException:
        old.rename(target)
        raise
    _remove(old)


def _remove_failed(stage: Path) -> None:
    """Remove what a writer left that failed, and what its threads (zarr's, say) still bring to an end beside it."""
    for _ in range(_TRIES):
        if not stage.is_dir() or stage.is_symlink():
            break
        _remove(stage)
        time.sleep(_PAUSE_S)
    _remove(stage)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def exchange(first: Path, second: Path) -> bool:
    """Exchange two files or folders of one file system in one step, so that being killed leaves one or the other.

    Returns False, and changes nothing, if the system or the file system cannot do it; raises an OSError if it fails.
    """
    call = _call()
    if call is None:
        return False
    if call(os.fsencode(first), os.fsencode(second)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNABLE:
        return False
    raise OSError(code, os.strerror(code), str(first), None, str(second))


@cache
def _call() -> Any:
    """Return what calls the system with two paths (Linux: renameat2(2), macOS: renamex_np(2)); None without it."""
    if sys.platform.startswith("linux"):
        function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        return function and (lambda first, second: function(_HERE, first, _HERE, second, _EXCHANGE))
    if sys.platform == "darwin":
        function = getattr(ctypes.CDLL(None, use_errno=True), "renamex_np", None)
        return function and (lambda first, second: function(first, second, _EXCHANGE))
    return None

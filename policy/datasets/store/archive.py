"""The files of a dataset: a folder or a zip file, opened, packed, copied cheaply; a lock for one writer at a time."""

from __future__ import annotations

import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from ivg.errors import InputError, StoreError
from ivg.io.staging import clear_leftovers

from .layout import Layout

ENDINGS = (".zarr", ".zarr.zip")  # of a dataset's name
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip file
_UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile)


def is_zip(path: Path) -> bool:
    """Return whether this path names a zipped dataset; an `InputError` if the name ends with neither of `ENDINGS`."""
    if not path.name.endswith(ENDINGS):
        raise InputError(f"a dataset's name must end with {' or '.join(ENDINGS)}, got '{path.name}'")
    return path.name.endswith(".zip")


def pack(folder: Path, archive: Path) -> None:
    """Write a folder's files into a zip file, uncompressed and of one date: the same files give the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                packed.writestr(zipfile.ZipInfo(file.relative_to(folder).as_posix(), _DATE), file.read_bytes())


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of a zip file into a folder; a `StoreError` if it is no zip file."""
    try:
        packed = zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise StoreError(f"'{archive}' is no zipped dataset: {error}") from error
    with packed:
        packed.extractall(folder)


def copy_for_append(source: Path, target: Path) -> None:
    """Copy a dataset's folder so that rows can be appended to the copy.

    Chunks that an append does not change are linked where the file system can; the last of each array, and the small
    files that describe the arrays, are copied.
    """

    @cache
    def last_index(folder: str) -> int:
        return max(_first_index(file.name) for file in Path(folder).iterdir() if file.name[0] != ".")

    def copy(file: str, destination: str) -> None:
        folder, name = os.path.split(file)
        if not name.startswith(".") and _first_index(name) != last_index(folder):
            with suppress(OSError):
                os.link(file, destination)
                return
        shutil.copy2(file, destination)

    shutil.copytree(source, target, copy_function=copy)


def _first_index(chunk: str) -> int:
    """Return the index on the first axis of a chunk's file, named as ``7.0.0.0``."""
    return int(chunk.split(".")[0])


def open_layout(path: Path, mode: Literal["r", "r+"], layout: Layout[Any]) -> Any:
    """Open a dataset as `open_group` does; a `StoreError` if it lacks arrays of the layout."""
    group = open_group(path, mode, f"dataset of {layout.noun}s")
    missing = [key for key in layout.arrays if key not in group]
    if missing:
        raise StoreError(f"'{path}' is no dataset of {layout.noun}s: it lacks {', '.join(missing)}")
    return group


def holds(path: Path, *arrays: str) -> bool:
    """Return whether a path is a zarr group of format 2 with these arrays; it may be incomplete."""
    try:
        group = open_group(path, "r")
    except StoreError:
        return False
    try:
        return all(name in group for name in arrays)
    finally:
        group.store.close()


def open_group(path: Path, mode: Literal["r", "r+"], noun: str = "zarr group of format 2") -> Any:
    """Open a folder, or a zip file to read, as a zarr group of format 2; a `StoreError` if it is no such `noun`."""
    import zarr.storage

    try:
        store = zarr.storage.ZipStore(path, mode="r") if path.is_file() else zarr.storage.LocalStore(path)
        return zarr.open_group(store, mode=mode, zarr_format=2)
    except _UNREADABLE as error:
        raise StoreError(f"'{path}' is no {noun}: {error}") from error


_held: set[tuple[Path, int]] = set()  # paths and the threads of this process that write them


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the lock of a dataset, ``.NAME.lock`` beside it, and remove what killed writers left there. Reentrant.

    Raises:
        StoreError: If another process or thread holds it.
        InputError: If the folder cannot be written to.
    """
    key = (path.absolute(), threading.get_ident())
    if key in _held:
        yield
        return
    made = [folder for folder in path.absolute().parents if not folder.exists()]
    lock = _acquired(path)
    _held.add(key)
    try:
        clear_leftovers(path)
        yield
    finally:
        _held.discard(key)
        Path(lock.lock_file).unlink(missing_ok=True)  # while held: a waiting process takes a new file
        lock.release()
        for folder in made:
            folder.rmdir() if folder.exists() and not any(folder.iterdir()) else None


def _acquired(path: Path) -> FileLock:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        if not Path(lock.lock_file).exists():
            raise InputError(f"cannot write to '{path.parent}'") from error
        raise StoreError(
            f"'{path}' is being written by another process; wait until it ends, or give a new path"
        ) from error
    except OSError as error:
        raise InputError(f"cannot write to '{path.parent}': {error.strerror}") from error
    return lock

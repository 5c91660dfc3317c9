"""One writer at a time: a lock beside a dataset, which the system releases however its holder ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ivg.errors import InputError, StoreError
from ivg.io.staging import clear_leftovers

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

"""HDF5 files on disks that may be full: the library would crash the process where it cannot write."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def new_hdf5(h5py: Any, path: Path, **options: Any) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Write an HDF5 file.

    Args:
        h5py: The module.
        path: Of the new file.
        **options: Of `h5py.File`.

    Yields:
        The open `h5py.File`, and a function that raises the error if one occurred: to be called now and then, so that
        no work is done in vain. At the end it is raised in any case.

    Raises:
        OSError: If the system refuses to write (a full disk, say).
    """
    with path.open("w+b", buffering=0) as raw:
        bearing = _Bearing(raw)
        with h5py.File(bearing, "w", **options) as file:
            yield file, bearing.check
        bearing.check()


class _Bearing:
    """A file for h5py that bears the first error of writing, and from then on takes whatever it is given.

    HDF5 does not survive an error of its file: at the latest when it closes it, and tries again, it crashes.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._error: OSError | None = None

    def check(self) -> None:
        """Raise the error, if there was one."""
        if self._error is not None:
            raise self._error

    def write(self, data: Any) -> int:
        """Write all of it, or note why that is not possible."""
        left = memoryview(data)
        while left and self._error is None:
            try:
                left = left[self._raw.write(left) :]
            except OSError as error:
                self._error = error
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Read as files do: h5py takes what has this for a file, and calls `readinto`."""
        return self._raw.read(size)

    def readinto(self, buffer: Any) -> int:
        """Read back; what could not be written is zero."""
        count = self._raw.readinto(buffer)
        if self._error is not None:
            buffer[count:] = bytes(len(buffer) - count)
            return len(buffer)
        return count

    def truncate(self, size: int) -> int:
        """Set the file's size."""
        try:
            return self._raw.truncate(size)
        except OSError as error:
            self._error = self._error or error
            return size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._raw.tell()

    def flush(self) -> None:
        """Nothing is held back."""

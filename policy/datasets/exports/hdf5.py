"""HDF5 files: written safely on disks that may be full, with an episode's demonstration in a group of its own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..episode import DEMONSTRATION_ARRAYS, FACTS, RobotEpisode

GROUP = "demonstration"


def write_demonstration(parent: Any, episode: RobotEpisode) -> None:
    """Write an episode's demonstration into a group of its own in an h5py group."""
    group = parent.create_group(GROUP)
    for name in DEMONSTRATION_ARRAYS:
        write_packed(group, name, getattr(episode, name))
    for name in FACTS:
        group.attrs[name] = getattr(episode, name)
    group.attrs["provenance"] = json.dumps(episode.provenance, sort_keys=True, ensure_ascii=False)


def read_demonstration(parent: Any) -> dict[str, Any]:
    """Read what `write_demonstration` wrote, as arguments of a `RobotEpisode`."""
    group = parent[GROUP]
    arguments = {name: group[name][()] for name in DEMONSTRATION_ARRAYS}
    arguments |= {name: kind(group.attrs[name]) for name, kind in FACTS.items()}
    return {**arguments, "provenance": json.loads(group.attrs["provenance"])}


def write_packed(group: Any, name: str, values: NDArray[Any]) -> None:
    """Write an array compressed without loss, images one per chunk, so that a step is read alone."""
    chunks = (1, *values.shape[1:]) if values.ndim == 4 else True
    group.create_dataset(name, data=values, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True)


@contextmanager
def new_hdf5(h5py: Any, path: Path, **options: Any) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Write an HDF5 file; h5py alone would crash the process on a full disk.

    Yields the open `h5py.File` and a function that raises the `OSError` of writing, if there was one: to be called now
    and then, so that no work is done in vain. At the end it is raised in any case.
    """
    with path.open("w+b", buffering=0) as raw:
        target = _TolerantFile(raw)
        with h5py.File(target, "w", **options) as file:
            yield file, target.check
        target.check()


class _TolerantFile:
    """A file for h5py that keeps the first error of writing, and from then on ignores what is written.

    HDF5 does not survive an error of its file: at the latest when it closes it, and tries again, it crashes.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._error: OSError | None = None
        self.seek, self.tell = raw.seek, raw.tell

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def write(self, data: Any) -> int:
        left = memoryview(data)
        while left and self._error is None:
            try:
                left = left[self._raw.write(left) :]
            except OSError as error:
                self._error = error
        return len(data)

    def read(self, size: int = -1) -> bytes:  # h5py takes objects with this method for files, and calls `readinto`
        return self._raw.read(size)

    def readinto(self, buffer: Any) -> int:
        count = self._raw.readinto(buffer)
        if self._error is not None:  # what could not be written is zero
            buffer[count:] = bytes(len(buffer) - count)
            return len(buffer)
        return count

    def truncate(self, size: int) -> int:
        try:
            return self._raw.truncate(size)
        except OSError as error:
            self._error = self._error or error
            return size

    def flush(self) -> None:  # no data is buffered
        pass

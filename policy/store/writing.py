"""Writing and appending demonstrations: all of them or none."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

from ivg.errors import InputError, StoreError
from ivg.staging import staged_output

from ..demonstration import Demonstration
from . import archive
from .layout import DATA_KEYS, META_KEYS, chunk_shape, provenance_bytes, rows_of

BATCH = 32
"""Demonstrations that are held in memory and written at once."""

META_CHUNK = 4096
"""Values in a chunk of a `meta/` array."""


def write_demonstrations(path: str | Path, demonstrations: Iterable[Demonstration], *, overwrite: bool = False) -> Path:
    """Write a dataset; it is there whole or not at all.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.
        demonstrations: At least one, all of one picture size; a generator is drawn from as it is written.
        overwrite: Replace what stands there.

    Returns:
        The path.

    Raises:
        InputError: If the path exists (and is not to be overwritten), its name has another ending, there is
            no demonstration, or their sizes differ.
    """
    path = Path(path)
    zipped = archive.is_zip(path)
    with staged_output(path, overwrite=overwrite) as stage:
        folder = _beside(stage) if zipped else stage
        with archive.removed_afterwards(folder if zipped else None):
            _append_all(folder, demonstrations)
            if zipped:
                archive.pack(folder, stage)
    return path


def append_demonstrations(path: str | Path, demonstrations: Iterable[Demonstration]) -> Path:
    """Append to a dataset, or write a new one where there is none; on failure the dataset is as it was.

    Untouched chunks of a folder are linked, not copied; a zip file is written anew. One writer at a time: a
    second one that finishes in between is noticed, and this one gives up.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.
        demonstrations: At least one, of the dataset's picture size.

    Returns:
        The path.

    Raises:
        InputError: As `write_demonstrations` does, but for an existing path.
        StoreError: If what is there is no such dataset, or it changed meanwhile.
    """
    path = Path(path)
    zipped = archive.is_zip(path)
    if not path.exists():
        return write_demonstrations(path, demonstrations)
    identity = path.stat().st_ino
    with staged_output(path, overwrite=True) as stage:
        folder = _beside(stage) if zipped else stage
        with archive.removed_afterwards(folder if zipped else None):
            (archive.unpack if zipped else archive.copy_for_append)(path, folder)
            _append_all(folder, demonstrations)
            if zipped:
                archive.pack(folder, stage)
        if path.stat().st_ino != identity:
            raise StoreError(f"'{path}' was changed by another writer while demonstrations were appended to it")
    return path


def _beside(stage: Path) -> Path:
    return stage.with_name(f"{stage.name}.folder")


def _append_all(folder: Path, demonstrations: Iterable[Demonstration]) -> None:
    """Append to the dataset in a folder, which is made with the first demonstration."""
    group: Any = archive.open_folder(folder, "r+") if folder.exists() else None
    for batch in _batches(demonstrations):
        group = group or _create(folder, batch[0])
        _append(group, batch)
    if group is None:
        raise InputError("there is no demonstration to write")


def _batches(demonstrations: Iterable[Demonstration]) -> Iterator[Sequence[Demonstration]]:
    source = iter(demonstrations)
    while batch := list(itertools.islice(source, BATCH)):
        yield batch


def _create(folder: Path, first: Demonstration) -> Any:
    """Make an empty dataset for demonstrations of the first one's size."""
    group = zarr.create_group(str(folder), zarr_format=2)
    data, meta = group.create_group("data"), group.create_group("meta")
    packing = Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)
    for key, rows in rows_of(first).items():
        shape, chunks = (0, *rows.shape[1:]), chunk_shape(rows.shape[1:], rows.dtype)
        _create_array(data, key, shape, chunks, rows.dtype, packing)
    for key in META_KEYS:
        dtype = {"fps": np.float64, "provenance": np.uint8}.get(key, np.int64)
        _create_array(meta, key, (0,), (META_CHUNK,), np.dtype(dtype), None)
    return group


def _create_array(
    group: Any,
    key: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: np.dtype[Any],
    packing: Blosc | None,
) -> None:
    group.create_array(key, shape=shape, chunks=chunks, dtype=dtype, compressors=packing, fill_value=0)


def _append(group: Any, batch: Sequence[Demonstration]) -> None:
    data, meta = group["data"], group["meta"]
    size = data["image"].shape[1:3]
    for demonstration in batch:
        if demonstration.clip.shape[1:3] != size:
            raise InputError(
                f"all demonstrations of a dataset must have its picture size {size}, "
                f"got {demonstration.clip.shape[1:3]}"
            )
    rows = [rows_of(demonstration) for demonstration in batch]
    notes = [provenance_bytes(demonstration) for demonstration in batch]
    for key in DATA_KEYS:
        data[key].append(np.concatenate([row[key] for row in rows]))
    meta["fps"].append(np.array([demonstration.fps for demonstration in batch], np.float64))
    meta["provenance"].append(np.frombuffer(b"".join(notes), np.uint8))
    _append_ends(meta["provenance_ends"], [len(note) for note in notes])
    _append_ends(meta["episode_ends"], [len(demonstration) for demonstration in batch])


def _append_ends(ends: Any, lengths: Sequence[int]) -> None:
    before = int(ends[-1]) if ends.shape[0] else 0
    ends.append(before + np.cumsum(lengths, dtype=np.int64))

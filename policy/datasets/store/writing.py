"""Writing and appending episodes of any layout: all of them or none."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import InputError, StoreError
from ivg.io.staging import staged_output

from . import archive
from .layout import CHECKSUM, META_CHUNK, Arrays, EpisodeT, Layout, Rows, checksums, chunk_shape

BATCH = 32  # episodes that are held in memory and written at once


def write_dataset(
    path: str | Path,
    episodes: Iterable[EpisodeT],
    layout: Layout[EpisodeT],
    attributes: Mapping[str, Any] | None = None,
    *,
    append: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a dataset of any layout, as `write_episodes` does, or append to it, as `append_episodes` does."""
    path = Path(path)
    zipped = archive.is_zip(path)
    with _alone(path):
        identity = path.stat().st_ino if append and path.exists() else None
        with staged_output(path, overwrite=identity is not None or overwrite) as stage:
            folder = stage.with_name(f"{stage.name}.folder") if zipped else stage
            try:
                if identity is not None:
                    (archive.unpack if zipped else archive.copy_for_append)(path, folder)
                _append_all(folder, episodes, layout, attributes)
                if zipped:
                    archive.pack(folder, stage)
            finally:
                if zipped:
                    shutil.rmtree(folder, ignore_errors=True)
            if identity is not None and path.stat().st_ino != identity:
                raise StoreError(f"'{path}' was changed by another writer while {layout.noun}s were appended to it")
    return path


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a dataset, and say it in one line if the system refuses (a full disk, say)."""
    try:
        with archive.writing(path):
            yield
    except OSError as error:
        state = "it is as it was" if path.exists() else "nothing is left there"
        raise StoreError(f"'{path}' could not be written: {error.strerror or error}; {state}") from error


def _append_all(
    folder: Path, episodes: Iterable[EpisodeT], layout: Layout[EpisodeT], attributes: Mapping[str, Any] | None
) -> None:
    """Append to the dataset in a folder, which is created with the first episode."""
    group: Any = archive.open_layout(folder, "r+", layout) if folder.exists() else None
    source = iter(episodes)
    while batch := list(itertools.islice(source, BATCH)):
        rows = [layout.rows_of(episode) for episode in batch]
        group = group or _create(folder, rows[0], layout)
        _append(group, rows, layout)
    if group is None:
        raise InputError(f"there is no {layout.noun} to write")
    if attributes:
        group.attrs.update(dict(attributes))


def _create(folder: Path, first: Rows, layout: Layout[EpisodeT]) -> Any:
    """Make an empty dataset for episodes like the first one."""
    import zarr

    group = zarr.create_group(str(folder), zarr_format=2)
    data, meta = group.create_group("data"), group.create_group("meta")
    for key, rows in first.data.items():
        _create_array(data, key, rows.shape[1:], rows.dtype)
    ends, letters = np.zeros((), np.int64), np.zeros((), np.uint8)
    rows_of_meta: Arrays = {"episode_ends": ends, CHECKSUM: checksums(first, layout), **first.meta}
    for name in first.texts:
        rows_of_meta |= {name: letters, f"{name}_ends": ends}
    for key, row in rows_of_meta.items():
        _create_array(meta, key, row.shape, row.dtype)
    return group


def _create_array(group: Any, key: str, row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    from numcodecs import Blosc

    is_plain = group.basename == "meta" and not row_shape  # not compressed: numpy alone can read it
    packing = None if is_plain else Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)
    chunks = (META_CHUNK,) if is_plain else chunk_shape(row_shape, dtype)
    group.create_array(key, shape=(0, *row_shape), chunks=chunks, dtype=dtype, compressors=packing, fill_value=0)


def _append(group: Any, batch: Sequence[Rows], layout: Layout[EpisodeT]) -> None:
    data, meta = group["data"], group["meta"]
    for rows in batch:
        _check_shapes(data, meta, rows, layout.noun)
    for key in layout.data:
        data[key].append(np.concatenate([rows.data[key] for rows in batch]))
    for key in layout.meta:
        meta[key].append(np.stack([rows.meta[key] for rows in batch]))
    for name in layout.texts:
        meta[name].append(np.frombuffer(b"".join(rows.texts[name] for rows in batch), np.uint8))
        _append_ends(meta[f"{name}_ends"], [len(rows.texts[name]) for rows in batch])
    meta[CHECKSUM].append(np.stack([checksums(rows, layout) for rows in batch]))
    _append_ends(meta["episode_ends"], [len(rows) for rows in batch])


def _check_shapes(data: Any, meta: Any, rows: Rows, noun: str) -> None:
    """Refuse an episode whose rows do not fit the dataset's; of images say the size."""
    pairs = [(key, data[key].shape[1:], values.shape[1:]) for key, values in rows.data.items()]
    pairs += [(key, meta[key].shape[1:], row.shape) for key, row in rows.meta.items()]
    for key, expected, got in pairs:
        if expected != got:
            what = f"image size {expected[:2]}, got {got[:2]}" if key == "image" else f"{key} {expected}, got {got}"
            raise InputError(f"all {noun}s of a dataset must have its {what}")


def _append_ends(ends: Any, lengths: Sequence[int]) -> None:
    before = int(ends[-1]) if ends.shape[0] else 0
    ends.append(before + np.cumsum(lengths, dtype=np.int64))

"""What windows are cut from: the episodes chosen, their rows in one array, in memory or mapped; ranges; names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError, StoreError
from ivg.io.staging import new_array, staged_output

from .episodes import EpisodeStore

READ_ROWS = 4096  # maximum rows that are read at once


@dataclass(frozen=True, eq=False)
class Range:
    """Minimum and maximum, float32 (c,), of every component of an array over a dataset."""

    min: NDArray[np.float32]
    max: NDArray[np.float32]

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Range:
        """Return the range of values (..., c) over all axes but the last."""
        rows = values.reshape(-1, values.shape[-1])
        return cls(rows.min(0).astype(np.float32), rows.max(0).astype(np.float32))


def read_rows(store: EpisodeStore, key: str, spans: Sequence[tuple[int, int]]) -> NDArray[Any]:
    """Read spans of the rows of an array of `data/`, one after the other."""
    rows = store.per_step(key)
    values = np.empty((sum(end - start for start, end in spans), *rows.shape[1:]), rows.dtype)
    _fill(values, rows, spans)
    return values


def _fill(target: NDArray[Any], rows: Any, spans: Sequence[tuple[int, int]]) -> None:
    """Read spans of a zarr array one after the other into an array; adjacent ones are read at once."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start and end - joined[-1][0] <= READ_ROWS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    filled = 0
    for start, end in joined:
        target[filled : filled + end - start] = rows[start:end]
        filled += end - start


def map_images(store: EpisodeStore, spans: Sequence[tuple[int, int]], cache: Path) -> NDArray[Any]:
    """Map the images of some spans from a file in the cache folder, which is written if it does not exist."""
    rows = store.per_step("image")
    digest = hashlib.sha256(repr((store.fingerprint, list(spans), rows.shape[1:])).encode()).hexdigest()
    file = cache / f"images-{digest[:16]}.npy"
    if not file.exists():
        shape = (sum(end - start for start, end in spans), *rows.shape[1:])
        with staged_output(file, overwrite=True) as stage:
            written = new_array(stage, rows.dtype, shape)
            _fill(written, rows, spans)
            del written  # closes, and so flushes, the file
    try:
        mapped: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise StoreError(f"'{file}' cannot be read, remove it: {error}") from error
    return mapped


def distinct_names(names: Sequence[str], episodes: NDArray[np.int64]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the distinct names of the episodes, sorted, and for each episode its name's index."""
    used = [names[episode] for episode in episodes.tolist()]
    different = tuple(sorted(set(used)))
    return different, np.array([different.index(name) for name in used], np.int64)


def chosen_episodes(
    store: EpisodeStore, episodes: Sequence[int] | NDArray[np.integer] | None, tasks: Sequence[str] | None
) -> NDArray[np.int64]:
    """Return the indices of the episodes to use; an `InputError` if one or a task does not exist, or none is left."""
    chosen = np.arange(len(store)) if episodes is None else np.asarray(episodes, np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= len(store))]
    if wrong.size:
        raise InputError(f"'{store.path}' has {len(store)} episodes, there is no episode {int(wrong[0])}")
    if tasks is not None:
        chosen = chosen[np.isin(chosen, store.episodes_of(tasks))]
    if not chosen.size:
        raise InputError(f"no episode of '{store.path}' is left to take windows of")
    return chosen

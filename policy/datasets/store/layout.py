"""What a dataset of one kind of episode holds: names, shapes and how an episode becomes rows of arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

CHUNK_BYTES = 2_000_000
"""Aimed-at size of a chunk, unpacked."""

META_CHUNK = 4096
"""Values in a chunk of an array of `meta/` that has one number, or bytes, an episode."""

EpisodeT = TypeVar("EpisodeT")

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Rows:
    """An episode taken apart.

    Attributes:
        data: A row a step (or frame), for every array of `data/`.
        meta: One row without its first axis, for every array of `meta/` that has one row an episode.
        texts: Bytes of every text of `meta/`.
    """

    data: Arrays
    meta: Arrays
    texts: dict[str, bytes]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(next(iter(self.data.values())))


@dataclass(frozen=True)
class Layout(Generic[EpisodeT]):
    """How a dataset of one kind of episode is laid out; every one has ``meta/episode_ends`` and ``meta/checksum``.

    Attributes:
        noun: What an episode is called in messages.
        data: Arrays of `data/`, concatenated on time.
        meta: Arrays of `meta/` with one row an episode.
        texts: Texts of `meta/`: the bytes in ``meta/NAME``, one after the other, and their ends in ``meta/NAME_ends``.
        rows_of: Takes an episode apart.
        episode_of: Builds the episode that `rows_of` took apart. It need not be given the arrays of `derived`.
        derived: Arrays of `data` that follow from the others: written for readers of other projects, not read.
    """

    noun: str
    data: tuple[str, ...]
    meta: tuple[str, ...]
    texts: tuple[str, ...]
    rows_of: Callable[[EpisodeT], Rows]
    episode_of: Callable[[Rows], EpisodeT]
    derived: tuple[str, ...] = ()

    @property
    def arrays(self) -> tuple[str, ...]:
        """Paths of all arrays of a dataset."""
        texts = [f"{name}{ending}" for name in self.texts for ending in ("", "_ends")]
        return (
            *(f"data/{key}" for key in self.data),
            *(f"meta/{key}" for key in ("episode_ends", "checksum", *self.meta, *texts)),
        )


def provenance_bytes(provenance: dict[str, Any]) -> bytes:
    """Return a provenance as JSON in UTF-8.

    Raises:
        InputError: If it holds what JSON cannot.
    """
    try:
        return json.dumps(provenance, sort_keys=True, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"provenance must hold only what JSON can: {error}") from error


def chunk_shape(row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return chunks that split the first axis only, of at most about `CHUNK_BYTES` (but at least one row)."""
    row_bytes = int(np.prod(row_shape, dtype=np.int64)) * dtype.itemsize
    return (max(1, CHUNK_BYTES // max(1, row_bytes)), *row_shape)

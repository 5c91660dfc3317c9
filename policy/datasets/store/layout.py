"""What a dataset of one kind of episode holds: names, shapes, checksums, and how an episode becomes rows of arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

CHUNK_BYTES = 2_000_000  # target size of a chunk, uncompressed
META_CHUNK = 4096  # values in a chunk of an array of `meta/` that has one number, or bytes, per episode
CHECKSUM = "checksum"  # array of `meta/` with the checksums of each episode
CHECKSUM_BYTES = 16  # BLAKE2b (RFC 7693) of the array's type and shape, such as ``<f4(80, 7)``, and its bytes
EpisodeT = TypeVar("EpisodeT")
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Rows:
    """An episode taken apart."""

    data: Arrays  # one row per step (or frame), for every array of `data/`
    meta: Arrays  # one row without its first axis, for every array of `meta/` that has one row per episode
    texts: dict[str, bytes]  # bytes of every text of `meta/`

    def __len__(self) -> int:
        return len(next(iter(self.data.values())))


@dataclass(frozen=True)
class Layout(Generic[EpisodeT]):
    """How a dataset of one kind of episode is laid out; every one has ``meta/episode_ends`` and ``meta/checksum``."""

    noun: str  # what an episode is called in messages
    data: tuple[str, ...]  # arrays of `data/`, concatenated on time
    meta: tuple[str, ...]  # arrays of `meta/` with one row per episode
    texts: tuple[str, ...]  # texts of `meta/`
    rows_of: Callable[[EpisodeT], Rows]  # takes an episode apart
    # builds the episode from its rows. It need not be given the arrays of `derived`
    episode_of: Callable[[Rows], EpisodeT]
    # arrays of `data` that follow from the others: written for readers of other projects, not read
    derived: tuple[str, ...] = ()

    @property
    def arrays(self) -> tuple[str, ...]:
        """Paths of all arrays of a dataset."""
        ends = (f"{name}_ends" for name in self.texts)
        meta = ("episode_ends", CHECKSUM, *self.meta, *self.texts, *ends)
        return (*(f"data/{key}" for key in self.data), *(f"meta/{key}" for key in meta))


def checksum_names(layout: Layout[EpisodeT]) -> tuple[str, ...]:
    """Return the paths of the arrays that an episode has checksums of, in their order."""
    return (*(f"data/{key}" for key in layout.data), *(f"meta/{key}" for key in (*layout.meta, *layout.texts)))


def checksums(rows: Rows, layout: Layout[EpisodeT]) -> NDArray[np.uint8]:
    """Return uint8 (k, 16): the checksums of an episode, in the order of `checksum_names`."""
    arrays = [rows.data[key] for key in layout.data]
    arrays += [rows.meta[key] for key in layout.meta]
    arrays += [np.frombuffer(rows.texts[name], np.uint8) for name in layout.texts]
    digests = []
    for array in arrays:
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        head = f"{little.dtype.str}{array.shape}".encode()
        digest = hashlib.blake2b(head + little.tobytes(), digest_size=CHECKSUM_BYTES).digest()
        digests.append(np.frombuffer(digest, np.uint8))
    return np.stack(digests)


def provenance_bytes(provenance: dict[str, Any]) -> bytes:
    """Return a provenance as JSON in UTF-8; an `InputError` if it holds what JSON cannot."""
    try:
        return json.dumps(provenance, sort_keys=True, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"provenance must hold only what JSON can: {error}") from error


def chunk_shape(row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return chunks that split the first axis only, of at most about `CHUNK_BYTES` (but at least one row)."""
    row_bytes = int(np.prod(row_shape, dtype=np.int64)) * dtype.itemsize
    return (max(1, CHUNK_BYTES // max(1, row_bytes)), *row_shape)

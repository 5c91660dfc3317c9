"""Checksums of episodes: one for each array, so that a damaged one can be named."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from .layout import EpisodeT, Layout, Rows

CHECKSUM = "checksum"
"""Name of the array of `meta/` that holds them."""

CHECKSUM_BYTES = 16
"""Of a checksum: BLAKE2b (RFC 7693) of the array's type and shape, such as ``<f4(80, 7)``, and its bytes."""


def checksum_names(layout: Layout[EpisodeT]) -> tuple[str, ...]:
    """Return what the checksums of an episode are of, in their order: paths of arrays."""
    return (*(f"data/{key}" for key in layout.data), *(f"meta/{key}" for key in (*layout.meta, *layout.texts)))


def checksums(rows: Rows, layout: Layout[EpisodeT]) -> NDArray[np.uint8]:
    """Return uint8 (k, 16): the checksums of an episode, in the order of `checksum_names`."""
    arrays = [rows.data[key] for key in layout.data]
    arrays += [rows.meta[key] for key in layout.meta]
    arrays += [np.frombuffer(rows.texts[name], np.uint8) for name in layout.texts]
    return np.stack([np.frombuffer(_digest(array), np.uint8) for array in arrays])


def _digest(array: NDArray[np.generic]) -> bytes:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    head = f"{little.dtype.str}{array.shape}".encode()
    return hashlib.blake2b(head + little.tobytes(), digest_size=CHECKSUM_BYTES).digest()

"""The arrays of a dataset, and one demonstration as rows of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from ..demonstration import Demonstration

CHUNK_BYTES = 2_000_000
"""Aimed-at size of a chunk, unpacked."""

DATA_KEYS = ("image", "region", "keypoints", "present", "score")
"""Arrays of `data/`; all have one row a frame."""

META_KEYS = ("episode_ends", "fps", "provenance", "provenance_ends")
"""Arrays of `meta/`."""


def rows_of(demonstration: Demonstration) -> dict[str, NDArray[Any]]:
    """Return a demonstration's rows of every `data/` array."""
    return {
        "image": demonstration.clip,
        "region": demonstration.region_per_frame[..., None].astype(np.uint8) * np.uint8(255),
        "keypoints": demonstration.keypoints,
        "present": demonstration.present.astype(np.float32),
        "score": demonstration.score,
    }


def demonstration_of(rows: dict[str, NDArray[Any]], fps: float, provenance: bytes) -> Demonstration:
    """Build the demonstration that `rows_of` and `provenance_bytes` took apart."""
    masks = rows["region"][..., 0] > 127
    return Demonstration(
        clip=rows["image"],
        region=masks.any(axis=0),
        keypoints=rows["keypoints"],
        present=rows["present"] > 0.5,
        fps=fps,
        provenance=json.loads(provenance.decode()),
        region_per_frame=masks,
        score=rows["score"],
    )


def provenance_bytes(demonstration: Demonstration) -> bytes:
    """Return a demonstration's provenance as JSON in UTF-8.

    Raises:
        InputError: If it holds what JSON cannot.
    """
    try:
        return json.dumps(demonstration.provenance, sort_keys=True, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"provenance must hold only what JSON can: {error}") from error


def chunk_shape(row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return chunks that split time only, of at most about `CHUNK_BYTES` (but at least one row)."""
    row_bytes = int(np.prod(row_shape, dtype=np.int64)) * dtype.itemsize
    return (max(1, CHUNK_BYTES // max(1, row_bytes)), *row_shape)

"""Datasets of demonstrations: their layout, reading and writing them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...demonstration import Demonstration
from .archive import holds
from .layout import Layout, Rows, provenance_bytes
from .reading import Dataset
from .writing import append_dataset, write_dataset


def _rows_of(demonstration: Demonstration) -> Rows:
    data = {
        "image": demonstration.clip,
        "region": demonstration.region_per_frame[..., None].astype(np.uint8) * np.uint8(255),
        "keypoints": demonstration.keypoints,
        "present": demonstration.present.astype(np.float32),
        "score": demonstration.score,
    }
    meta = {"fps": np.asarray(demonstration.fps, np.float64)}
    return Rows(data, meta, {"provenance": provenance_bytes(demonstration.provenance)})


def _demonstration_of(rows: Rows) -> Demonstration:
    masks = rows.data["region"][..., 0] > 127
    return Demonstration(
        clip=rows.data["image"],
        region=masks.any(axis=0),
        keypoints=rows.data["keypoints"],
        present=rows.data["present"] > 0.5,
        fps=float(rows.meta["fps"]),
        provenance=json.loads(rows.texts["provenance"]),
        region_per_frame=masks,
        score=rows.data["score"],
    )


DEMONSTRATIONS = Layout(
    noun="demonstration",
    data=("image", "region", "keypoints", "present", "score"),
    meta=("fps",),
    texts=("provenance",),
    rows_of=_rows_of,
    episode_of=_demonstration_of,
)
"""The layout of datasets of demonstrations."""


class DemonstrationStore(Dataset[Demonstration]):
    """A dataset of demonstrations, read episode by episode: a sequence of `Demonstration`.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.

    Example:
        >>> with DemonstrationStore("demos.zarr") as store:
        ...     clips = [demonstration.clip for demonstration in store]
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, DEMONSTRATIONS)


def is_demonstration_dataset(path: str | Path) -> bool:
    """Tell a dataset of demonstrations, which may be incomplete, from anything else."""
    return holds(Path(path), "data/region", "meta/episode_ends")


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
    return write_dataset(path, demonstrations, DEMONSTRATIONS, overwrite=overwrite)


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
    return append_dataset(path, demonstrations, DEMONSTRATIONS)

"""Demonstrations and datasets of them.

``data/*`` has one row per frame: ``image``, ``region`` (uint8 (n, h, w, 1), 0 or 255), ``keypoints``, ``present``
(float32, 0 or 1) and ``score``. ``meta/*`` has ``fps`` (float64 (e,)) and ``provenance`` (JSON) of every episode.
`ivg.policy.datasets.store` has the rest of the layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Clip, HandTracks, RegionOfMotion

from .store.archive import holds
from .store.layout import Layout, Rows, provenance_bytes
from .store.reading import Dataset
from .store.writing import write_dataset


@dataclass(frozen=True, eq=False)
class Demonstration:
    """A clip of a human hand doing a task, its hand tracks and its provenance.

    Attributes:
        clip: uint8 (t, h, w, 3), RGB; frame 0 is the input image.
        region: bool (h, w), the union of the region of motion over the frames.
        keypoints: float32 (t, 2, 21, 2), normalised image coordinates (x to the right, y down); hand 0 is the
            person's left, 1 the right; MediaPipe's joint order; NaN where the hand is absent.
        present: bool (t, 2).
        fps: Frames per second.
        provenance: What made it (seed, weights hash, prompt, versions); holds only what JSON can.
        region_per_frame: bool (t, h, w); `region` in every frame if left out.
        score: float32 (t, 2), the detector's confidence in [0, 1]; `present` as numbers if left out.

    Raises:
        InputError: If shapes, dtypes or values do not fit together.
    """

    clip: NDArray[np.uint8]
    region: NDArray[np.bool_]
    keypoints: NDArray[np.float32]
    present: NDArray[np.bool_]
    fps: float
    provenance: dict[str, Any] = field(default_factory=dict)
    region_per_frame: NDArray[np.bool_] = None  # type: ignore[assignment]  # filled in below
    score: NDArray[np.float32] = None  # type: ignore[assignment]  # filled in below

    def __post_init__(self) -> None:
        if self.region_per_frame is None:
            every = np.broadcast_to(self.region, (len(self.clip), *np.shape(self.region))).copy()
            object.__setattr__(self, "region_per_frame", every)
        if self.score is None:
            object.__setattr__(self, "score", np.asarray(self.present, np.float32))
        Clip(self.clip, self.fps)
        HandTracks(self.keypoints, self.present, self.score)
        masks, shape = RegionOfMotion(self.region_per_frame), self.clip.shape[:3]
        if len(self.keypoints) != shape[0]:
            raise InputError(f"keypoints must have the clip's {shape[0]} frames, got {len(self.keypoints)}")
        if self.region_per_frame.shape != shape:
            raise InputError(f"region_per_frame must have shape {shape}, got {self.region_per_frame.shape}")
        if not np.array_equal(self.region, masks.union) or self.region.dtype != np.bool_:
            raise InputError("region must be bool (h, w), and the union of region_per_frame")

    def __len__(self) -> int:
        return len(self.clip)

    @property
    def detection_rate(self) -> float:
        """Fraction of the frames after the first in which a hand is found, in [0, 1]."""
        later = self.present[1:].any(axis=1)
        return float(later.mean()) if later.size else 0.0

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the demonstration as a dataset of one episode, as `write_demonstrations` does."""
        return write_demonstrations(path, [self], overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, episode: int = 0) -> Demonstration:
        """Read an episode of a dataset (negative numbers count from the end); a `StoreError` if there is none."""
        with DemonstrationStore(path) as store:
            return store[episode]


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


# the layout of datasets of demonstrations
DEMONSTRATIONS = Layout(
    noun="demonstration",
    data=("image", "region", "keypoints", "present", "score"),
    meta=("fps",),
    texts=("provenance",),
    rows_of=_rows_of,
    episode_of=_demonstration_of,
)


class DemonstrationStore(Dataset[Demonstration]):
    """A dataset of demonstrations, `*.zarr` or `*.zarr.zip`, read episode by episode: a sequence of `Demonstration`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, DEMONSTRATIONS)


def is_demonstration_dataset(path: str | Path) -> bool:
    """Return whether a path is a dataset of demonstrations, which may be incomplete."""
    return holds(Path(path), "data/region", "meta/episode_ends")


def write_demonstrations(path: str | Path, demonstrations: Iterable[Demonstration], *, overwrite: bool = False) -> Path:
    """Write a dataset of demonstrations, all of one image size, as `write_episodes` does."""
    return write_dataset(path, demonstrations, DEMONSTRATIONS, overwrite=overwrite)


def append_demonstrations(path: str | Path, demonstrations: Iterable[Demonstration]) -> Path:
    """Append to a dataset of demonstrations, or write a new one, as `append_episodes` does."""
    return write_dataset(path, demonstrations, DEMONSTRATIONS, append=True)

"""A demonstration: a clip of a hand doing a task, with its tracks and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Clip, HandTracks, RegionOfMotion


@dataclass(frozen=True, eq=False)
class Demonstration:
    """A clip of a human hand doing a task, and what was read off it.

    Attributes:
        clip: uint8 (t, h, w, 3), RGB; frame 0 is the context picture.
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
        """Fill in what may be left out, then validate."""
        if self.region_per_frame is None:
            every = np.broadcast_to(self.region, (len(self.clip), *np.shape(self.region))).copy()
            object.__setattr__(self, "region_per_frame", every)
        if self.score is None:
            object.__setattr__(self, "score", np.asarray(self.present, np.float32))
        Clip(self.clip, self.fps)
        HandTracks(self.keypoints, self.present, self.score)
        masks = RegionOfMotion(self.region_per_frame)
        frames, height, width, _ = self.clip.shape
        if len(self.keypoints) != frames:
            raise InputError(f"keypoints must have the clip's {frames} frames, got {len(self.keypoints)}")
        if self.region_per_frame.shape != (frames, height, width):
            got = self.region_per_frame.shape
            raise InputError(f"region_per_frame must have shape {(frames, height, width)}, got {got}")
        if not np.array_equal(self.region, masks.union) or self.region.dtype != np.bool_:
            raise InputError("region must be bool (h, w), and the union of region_per_frame")

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.clip)

    @property
    def detection_rate(self) -> float:
        """Share of the frames after the context in which a hand is found, in [0, 1]."""
        later = self.present[1:].any(axis=1)
        return float(later.mean()) if later.size else 0.0

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the demonstration as a dataset of one episode (see `ivg.policy.datasets.store` for the layout).

        Args:
            path: A folder `*.zarr` or a file `*.zarr.zip`.
            overwrite: Replace what stands there.

        Raises:
            InputError: If the path exists (and is not to be overwritten) or has another ending.
        """
        from .datasets.store import write_demonstrations

        return write_demonstrations(path, [self], overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, episode: int = 0) -> Demonstration:
        """Read a demonstration from a dataset.

        Args:
            path: A folder `*.zarr` or a file `*.zarr.zip`.
            episode: Which one; negative numbers count from the end.

        Raises:
            StoreError: If there is no such dataset or episode, or its layout is another.
        """
        from .datasets.store import DemonstrationStore

        with DemonstrationStore(path) as store:
            return store[episode]

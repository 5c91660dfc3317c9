"""Regions of training clips, and the progress of a run's stages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from ..data.split import split_indices
from ..jobs import Launcher, Progress
from ..region import region_from_tracks
from ..types import HandTracks
from ..workflows.clips.fingerprint import scenes_fingerprint
from ..workflows.clips.held_out import SIZE
from ..workflows.clips.render import render_clips

REFERENCES = 180  # rendered training clips from which the prior mask is taken

OnProgress = Callable[[str, int, int], None]
"""Progress callback: called with the name of what is under way, the items done, and all of them."""


def stage_progress(on_progress: OnProgress | None, stage: str) -> Progress | None:
    """Return the progress callback of one stage of a run."""
    if on_progress is None:
        return None
    return lambda done, total, **_: on_progress(stage, done, total)


def reference_clips(cache: Path, launcher: Launcher, on_progress: OnProgress | None = None) -> ClipStore:
    """Render clips like those of a training set, or find them in the cache."""
    progress = stage_progress(on_progress, "rendering references")
    out = cache / scenes_fingerprint() / "references"
    return render_clips(out, REFERENCES, size=SIZE, launcher=launcher, progress=progress)


def training_regions(store: ClipStore) -> NDArray[np.bool_]:
    """Return the annotated regions of motion (unions) of a store's clips that are not held out: bool (n, h, w)."""
    regions = []
    for index in split_indices(store.indices_done)[0]:
        arrays = (np.asarray(store.array(name)[int(index)]) for name in ("keypoints", "present", "score"))
        keypoints, present, score = arrays
        tracks = HandTracks(keypoints, present.astype(bool), score)
        regions.append(region_from_tracks(tracks, store.size, store.size).union)
    return np.stack(regions)

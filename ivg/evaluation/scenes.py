"""The scenes of an evaluation: rendered held-out kitchens in a cache, regions of training clips, and progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from ..data.split import HELD_OUT_SEEDS, split_indices
from ..jobs import Launcher, Progress
from ..region import region_from_tracks
from ..types import HandTracks
from ..workflows.clips.fingerprint import scenes_fingerprint
from ..workflows.clips.render import render_clips

SIZE = 128
"""Height and width of rendered scenes, px."""

REFERENCES = 180
"""Rendered training clips from which the prior mask is taken."""

OnProgress = Callable[[str, int, int], None]
"""Progress callback: called with the name of what is under way, the items done, and all of them."""


def stage_progress(on_progress: OnProgress | None, stage: str) -> Progress | None:
    """Return the progress callback of one stage of a run."""
    if on_progress is None:
        return None
    return lambda done, total, **_: on_progress(stage, done, total)


def held_out_scenes(
    cache: Path,
    scenes: int,
    launcher: Launcher,
    *,
    seed_offset: int = HELD_OUT_SEEDS,
    on_progress: OnProgress | None = None,
) -> ClipStore:
    """Render held-out kitchens, or find them in the cache.

    Args:
        cache: Folder of the rendered clips; they lie in a subfolder named by what they show.
        scenes: Number of scenes.
        launcher: Where they are rendered.
        seed_offset: First seed.
        on_progress: Progress callback.
    """
    out = cache / scenes_fingerprint() / f"scenes-{scenes}-from-{seed_offset}"
    progress = stage_progress(on_progress, "rendering")
    return render_clips(out, scenes, size=SIZE, seed_offset=seed_offset, launcher=launcher, progress=progress)


def reference_clips(cache: Path, launcher: Launcher, on_progress: OnProgress | None = None) -> ClipStore:
    """Render clips like those of a training set, or find them in the cache; see `held_out_scenes`."""
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

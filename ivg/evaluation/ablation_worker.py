"""The worker of an ablation: generates and judges the clips of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..metrics.clip_figures import TrueClip, clip_figures
from ..region import region_from_tracks
from ..types import RegionOfMotion
from .judging import Judge, judged


@dataclass(frozen=True)
class AblationJob:
    """One clip to generate: by a training's pipeline, in a held-out scene, with a mask and a seed.

    Attributes:
        run: The training's name.
        inference: The mask, as `Row.inference`.
        index: Of the scene's clip in the store.
        seed: Of the sampling.
    """

    run: str
    inference: str
    index: int
    seed: int


@dataclass(frozen=True, eq=False)
class JudgedClip:
    """A generated clip.

    Attributes:
        frames: uint8 (t, h, w, 3).
        figures: Of `ivg.metrics.clip_figures.clip_figures`.
    """

    frames: NDArray[np.uint8]
    figures: dict[str, float]


@dataclass(frozen=True, eq=False)
class AblationWorker:
    """Generates and judges the clips of an ablation's rows; loads pipelines when they are needed.

    Attributes:
        pipelines: Folder of a pipeline by the name of its training.
        store: Folder of the held-out clips.
        steps: Denoising steps of the clip.
        prior: bool (h, w), the prior mask, or None if no row takes it.
        device: Where torch computes.
    """

    pipelines: dict[str, Path]
    store: Path
    steps: int
    prior: NDArray[np.bool_] | None
    device: str = "cpu"
    judges: dict[str, Judge] = field(default_factory=dict)

    def __call__(self, job: AblationJob) -> JudgedClip:
        """Generate and judge one clip."""
        if job.run not in self.judges:
            self.judges[job.run] = Judge.load(self.pipelines[job.run], self.store, self.steps, device=self.device)
        judge = self.judges[job.run]
        record = judge.store.read(job.index)
        truth = TrueClip.of(record)
        output = judge.generate(record, record.text, self._region(job.inference, truth), job.seed)
        return JudgedClip(output.frames, clip_figures(truth, judged(output, judge.detector)))

    def _region(self, kind: str, truth: TrueClip) -> RegionOfMotion | None:
        """Return the region that a clip is generated in; None lets stage 1 predict it."""
        height, width = truth.region.shape
        if kind == "annotation":
            return region_from_tracks(truth.tracks, height, width)
        if kind == "white":
            return RegionOfMotion(np.ones((1, height, width), bool))
        if kind == "prior":
            assert self.prior is not None
            return RegionOfMotion(self.prior[None])
        return None

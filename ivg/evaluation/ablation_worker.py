"""Generates the clips of an ablation's rows in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from ..metrics.clip_figures import GeneratedClip, TrueClip, clip_figures
from ..region import region_from_tracks
from ..types import Appearance, RegionOfMotion


@dataclass(frozen=True)
class AblateSettings:
    """What every process needs to know.

    Attributes:
        pipelines: Folder of a pipeline by the name of its training.
        store: The held-out clips.
        steps: Denoising steps of the clip.
        prior: bool (h, w), the prior mask, or None if no row takes it.
        device: Where torch computes.
    """

    pipelines: dict[str, Path]
    store: Path
    steps: int
    prior: NDArray[np.bool_] | None
    device: str = "cpu"


@dataclass(frozen=True)
class AblateJob:
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
class AblateResult:
    """What came out.

    Attributes:
        frames: uint8 (t, h, w, 3).
        figures: Of `ivg.metrics.clip_figures.clip_figures`.
    """

    frames: NDArray[np.uint8]
    figures: dict[str, float]


class AblationWorker:
    """A worker that generates and judges clips; it keeps store, detector, and the pipelines that it has met."""

    def __init__(self, settings: AblateSettings) -> None:
        from ..hands import MediaPipeHands

        self.settings = settings
        self.store, self.detector = ClipStore.open(settings.store), MediaPipeHands()
        self.pipelines: dict[str, Any] = {}

    def __call__(self, job: AblateJob) -> AblateResult:
        """Generate and judge one clip."""
        record = self.store.read(job.index)
        truth = TrueClip.of(record)
        assert record.appearance is not None
        output = self._pipeline(job.run)(
            record.frames[0],
            record.text,
            seed=job.seed,
            appearance=Appearance.from_vector(record.appearance),
            num_inference_steps=self.settings.steps,
            region=_region(job.inference, truth, self.settings.prior),
        )
        tracks, composited = self.detector(output.frames), np.asarray(output.composited).any(0)
        generated = GeneratedClip(output.frames, tracks, output.region.union, composited)
        return AblateResult(output.frames, clip_figures(truth, generated))

    def _pipeline(self, name: str) -> Any:
        from ..pipeline import InstructionalVideoPipeline

        if name not in self.pipelines:
            loaded = InstructionalVideoPipeline.from_pretrained(self.settings.pipelines[name])
            self.pipelines[name] = loaded.to(self.settings.device)
        return self.pipelines[name]


def _region(kind: str, truth: TrueClip, prior: NDArray[np.bool_] | None) -> RegionOfMotion | None:
    """Returns the region that a clip is generated in; None lets stage 1 predict it."""
    height, width = truth.region.shape
    if kind == "annotation":
        return region_from_tracks(truth.tracks, height, width)
    if kind == "white":
        return RegionOfMotion(np.ones((1, height, width), bool))
    if kind == "prior":
        assert prior is not None
        return RegionOfMotion(prior[None])
    return None

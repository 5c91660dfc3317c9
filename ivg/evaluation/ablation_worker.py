"""Generates the clips of an ablation's rows in a process of its own."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
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


@dataclass(eq=False)
class _Process:
    """What this process keeps: settings, store, detector, and the pipelines that it has met."""

    settings: AblateSettings
    store: ClipStore
    detector: Any
    pipelines: dict[str, Any] = field(default_factory=dict)

    def pipeline(self, name: str) -> Any:
        from ..pipeline import InstructionalVideoPipeline

        if name not in self.pipelines:
            loaded = InstructionalVideoPipeline.from_pretrained(self.settings.pipelines[name])
            self.pipelines[name] = loaded.to(self.settings.device)
        return self.pipelines[name]


_processes: list[_Process] = []  # the one that this is


def start(settings: AblateSettings) -> None:
    """Prepares this process. Ctrl-C is left to the parent."""
    import cv2
    import torch

    from ..hands import MediaPipeHands

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _processes[:] = [_Process(settings, ClipStore.open(settings.store), MediaPipeHands())]


def generate(job: AblateJob) -> AblateResult:
    """Generates and judges one clip."""
    process = _processes[0]
    record = process.store.read(job.index)
    truth = TrueClip.of(record)
    assert record.appearance is not None
    output = process.pipeline(job.run)(
        record.frames[0],
        record.text,
        seed=job.seed,
        appearance=Appearance.from_vector(record.appearance),
        num_inference_steps=process.settings.steps,
        region=_region(job.inference, truth, process.settings.prior),
    )
    tracks, touched = process.detector(output.frames), np.asarray(output.composited).any(0)
    generated = GeneratedClip(output.frames, tracks, output.region.union, touched)
    return AblateResult(output.frames, clip_figures(truth, generated))


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

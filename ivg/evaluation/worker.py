"""Generates and judges clips in a process of its own, like `render_worker` renders them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipRecord, ClipStore
from ..metrics.clip_figures import GeneratedClip, TrueClip, clip_figures, codec_figures, object_scores
from ..metrics.moved_objects import ObjectScore
from ..region import region_from_tracks
from ..types import Appearance, HandTracks, RegionOfMotion

Detector = Callable[[NDArray[np.uint8]], HandTracks]


@dataclass(frozen=True)
class EvalSettings:
    """What every process needs to know.

    Attributes:
        weights: "nano" or a folder.
        store: The held-out clips.
        steps: Denoising steps of the clip.
        region_steps: Denoising steps of the region.
        guidance_scale: As `InstructionalVideoPipeline` takes it.
        device: Where torch computes.
    """

    weights: str
    store: Path
    steps: int
    region_steps: int
    guidance_scale: float = 1.0
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class SceneResult:
    """What came out for one held-out scene.

    Attributes:
        index: Of the clip in the store.
        task: Its task.
        frames: uint8 (t, h, w, 3), generated with the predicted region.
        region: bool (h, w), predicted.
        keypoints: float32 (t, 2, 21, 2), found in `frames`.
        figures: Of the clip generated with the predicted region.
        codec: Of the reconstruction.
        given_region: Figures of the clip generated with the annotated region.
        objects: The moved objects' scores by variant: "generated", "reconstruction", "still" (the context frame).
        seconds: Time of the generation, and of its stages as the pipeline tells them.
    """

    index: int
    task: str
    frames: NDArray[np.uint8]
    region: NDArray[np.bool_]
    keypoints: NDArray[np.float32]
    figures: dict[str, float]
    codec: dict[str, float]
    given_region: dict[str, float]
    objects: dict[str, list[ObjectScore]]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Prompt:
    """A text to generate by in a held-out scene.

    Attributes:
        index: Of the scene's clip in the store.
        task: The task that the text asks for.
        text: The text.
        seed: Of the generation; the clip's if None.
        appearance: Whose hands act; those of the clip's person if None.
    """

    index: int
    task: str
    text: str
    seed: int | None = None
    appearance: Appearance | None = None


class Judge:
    """Generates clips in held-out scenes and takes their figures.

    Args:
        pipeline: Generates; an `InstructionalVideoPipeline`, or what is called like one.
        detector: Finds hands; `MediaPipeHands`, or what is called like it.
        store: The held-out clips.
        steps: Denoising steps of the clip.
        region_steps: Denoising steps of the region.
        guidance_scale: As the pipeline takes it.
    """

    def __init__(
        self,
        pipeline: Any,
        detector: Detector,
        store: ClipStore,
        steps: int,
        region_steps: int = 1,
        guidance_scale: float = 1.0,
    ) -> None:
        self.pipeline = pipeline
        self.detector = detector
        self.store = store
        self.steps, self.region_steps, self.guidance_scale = steps, region_steps, guidance_scale

    def generate(
        self,
        record: ClipRecord,
        text: str,
        region: RegionOfMotion | None = None,
        seed: int | None = None,
        appearance: Appearance | None = None,
    ) -> Any:
        """Generates by a text in the scene of a clip, with seed and appearance of its person if none are given."""
        assert record.appearance is not None
        return self.pipeline(
            record.frames[0],
            text,
            seed=int(record.info["seed"]) if seed is None else seed,
            appearance=appearance or Appearance.from_vector(record.appearance),
            num_inference_steps=self.steps,
            num_region_steps=self.region_steps,
            guidance_scale=self.guidance_scale,
            region=region,
        )

    def _judged(self, output: Any) -> GeneratedClip:
        return GeneratedClip(
            output.frames, self.detector(output.frames), output.region.union, _union(output.composited)
        )

    def scene(self, index: int) -> SceneResult:
        """Generates the clip of one held-out scene, with both regions, and judges it."""
        record = self.store.read(index)
        truth = TrueClip.of(record)
        began = time.perf_counter()
        output = self.generate(record, record.text)
        seconds = {"generation": time.perf_counter() - began, **output.timings}
        generated = self._judged(output)
        given = self.generate(record, record.text, region_from_tracks(truth.tracks, *record.frames.shape[1:3]))
        reconstruction = np.asarray(self.pipeline.reconstruct(record.frames))
        still = np.broadcast_to(record.frames[:1], record.frames.shape)
        variants = {"generated": generated.frames, "reconstruction": reconstruction, "still": still}
        return SceneResult(
            index=index,
            task=record.task,
            frames=generated.frames,
            region=output.region.union,
            keypoints=generated.tracks.keypoints,
            figures=clip_figures(truth, generated),
            codec=codec_figures(truth, reconstruction, self.detector(reconstruction)),
            given_region=clip_figures(truth, self._judged(given)),
            objects={name: object_scores(truth, frames) for name, frames in variants.items()},
            seconds=seconds,
        )

    def prompt(self, prompt: Prompt) -> HandTracks:
        """Generates by a text in a held-out scene and returns the hands found in the clip."""
        record = self.store.read(prompt.index)
        output = self.generate(record, prompt.text, seed=prompt.seed, appearance=prompt.appearance)
        return self.detector(output.frames)


def _union(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns (h, w) of masks (h, w) or (t, h, w)."""
    return np.asarray(masks if masks.ndim == 2 else masks.any(0))


class JudgeWorker:
    """A worker that judges the scene of an index, or generates by a `Prompt`.

    Args:
        settings: What every worker needs to know.
    """

    def __init__(self, settings: EvalSettings) -> None:
        from ..hands import MediaPipeHands
        from ..pipeline import InstructionalVideoPipeline

        pipeline = InstructionalVideoPipeline.from_pretrained(settings.weights).to(settings.device)
        sampling = settings.steps, settings.region_steps, settings.guidance_scale
        self.judge = Judge(pipeline, MediaPipeHands(), ClipStore.open(settings.store), *sampling)

    def __call__(self, job: int | Prompt) -> SceneResult | HandTracks:
        """Do one job."""
        return self.judge.prompt(job) if isinstance(job, Prompt) else self.judge.scene(job)

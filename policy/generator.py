"""From a camera frame and a sentence to a demonstration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivg.inputs import checked_device, spread
from ivg.instructions import InstructionRewriter, load_rewriter
from ivg.types import JOINTS, Appearance, HandTracks

from .datasets import Demonstration
from .provenance import describe_appearance, versions, weights_sha256

if TYPE_CHECKING:
    from ivg.hands.batched_detector import BatchedHands

_SEARCH_EVERY = 8
"""Palms are looked for in so many frames once; in between hands are followed."""

ProgressCallback = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`; stages are "region", "clip" and "hands"."""


class DemoGenerator:
    """Generates demonstrations: a clip by the pipeline, then the hand tracks in it.

    Args:
        pipeline: An `ivg.pipeline.InstructionalVideoPipeline`, or what is called like one.
        detector: Finds the hands of a clip; MediaPipe's networks, frames side by side (`BatchedHands`), if None.
        weights: What the weights are called, for the provenance.
        rewriter: What becomes of the text before the pipeline gets it: "none", "vocabulary", the hub name or folder of
            an `image-text-to-text` model, or an `ivg.instructions.InstructionRewriter`. "none" is what the packaged
            weights were trained with.

    Example:
        >>> generator = DemoGenerator.from_pretrained("nano")
        >>> demonstration = generator(frame, "cut the carrot", seed=0)
        >>> demonstration.save("cut_carrot.zarr")
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        detector: Callable[[NDArray[np.uint8]], HandTracks] | None = None,
        weights: str = "custom",
        rewriter: str | Path | InstructionRewriter = "none",
    ) -> None:
        self.pipeline = pipeline
        self.weights = weights
        self._given_detector = detector
        self._own_detector: BatchedHands | None = None
        self._weights_sha256: str | None = None
        self.rewriter = load_rewriter(rewriter, device=str(getattr(pipeline, "device", "cpu")))

    @classmethod
    def from_pretrained(
        cls,
        weights: str | Path = "nano",
        *,
        device: str = "cpu",
        rewriter: str | Path | InstructionRewriter = "none",
    ) -> DemoGenerator:
        """Load a pipeline.

        Args:
            weights: "nano", which comes with the package, a folder written by `save_pretrained`, or a hub id.
            device: Where torch computes: "cpu", "cuda", "cuda:1", ...
            rewriter: As the class takes it.

        Raises:
            WeightsError: If the weights, or those of the rewriter, are missing or damaged.
            InputError: If there is no such device or rewriter.
        """
        from ivg.pipeline import InstructionalVideoPipeline

        pipeline = InstructionalVideoPipeline.from_pretrained(str(weights))
        generator = cls(pipeline.to(checked_device(device)), weights=Path(weights).name, rewriter=rewriter)
        generator._start_detector()
        return generator

    def __call__(
        self,
        frame: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        text: str | Sequence[str],
        seed: int | Sequence[int] = 0,
        appearance: Appearance | Sequence[Appearance] | None = None,
        steps: int | None = None,
        progress: ProgressCallback | None = None,
        on_part: Callable[[str, NDArray[Any]], None] | None = None,
    ) -> Any:
        """Generate a demonstration of what the text says, in the scene that the frame shows.

        Lists of frames, texts, seeds or appearances, of one length, are generated as one batch; what is no list is used
        for all. See `ivg.pipeline.InstructionalVideoPipeline` for how far a batch equals its clips made alone.

        Args:
            frame: uint8 (h, w, 3), RGB: the scene, without hands.
            text: What is to be done, such as "cut the carrot".
            seed: The same seed, on the same machine, gives the same demonstration.
            appearance: Skin tone, size and side of the hand; drawn from the seed if None.
            steps: Denoising steps; the pipeline's default if None.
            progress: Called as `progress(stage, done, total)` with the stages "region", "clip" and "hands".
            on_part: Called as soon as they are known with ("region", bool (h, w)) and ("clip", uint8 (t, h, w, 3)).

        Returns:
            The demonstration, with images of the frame's size, or a list of them. `provenance` holds prompt, the text
            that was used, rewriter, seed, steps, appearance, weights, versions, device and times (seconds; a batch's
            divided by its size).

        Raises:
            InputError: If the frame or the text cannot be used.
        """
        batched, each = spread(frame=frame, text=text, seed=seed, appearance=appearance)
        options: dict[str, Any] = {} if steps is None else {"num_inference_steps": steps}
        if on_part is not None:
            options["region_callback"] = lambda found: [
                on_part("region", region.union) for region in (found if batched else [found])
            ]
        taken: dict[str, int] = {}  # steps by stage

        def report(stage: str, done: int, total: int) -> None:
            taken[stage] = total
            if progress is not None:
                progress(stage, done, total)

        began = time.perf_counter()
        each["appearance"] = [
            one or Appearance.sample(s) for one, s in zip(each["appearance"], each["seed"], strict=True)
        ]
        each["used"] = [
            self._rewrite(*one) for one in zip(each["text"], each["frame"], each["appearance"], strict=True)
        ]
        rewritten = time.perf_counter()
        given = each if batched else {name: values[0] for name, values in each.items()}
        options |= {"seed": given["seed"], "appearance": given["appearance"], "progress_callback": report}
        output = self.pipeline(given["frame"], given["used"], **options)
        shared = {"rewriting": rewritten - began, "generation": time.perf_counter() - rewritten}
        shared = {name: seconds / len(each["text"]) for name, seconds in shared.items()}
        demonstrations = []
        outputs = output.split() if batched else [output]
        for clip, said, used, number in zip(outputs, each["text"], each["used"], each["seed"], strict=True):
            if on_part is not None:
                on_part("clip", clip.frames)
            began = time.perf_counter()
            tracks = self._find_hands(clip.frames, progress)
            timings = {**clip.timings, **shared, "hands": time.perf_counter() - began}
            demonstrations.append(
                Demonstration(
                    clip=clip.frames,
                    region=clip.region.union,
                    keypoints=tracks.keypoints,
                    present=tracks.present,
                    fps=float(clip.fps),
                    provenance=self._provenance(said, used, number, taken.get("clip"), clip.appearance, timings),
                    region_per_frame=clip.region.per_frame,
                    score=tracks.score,
                )
            )
        return demonstrations if batched else demonstrations[0]

    @property
    def weights_sha256(self) -> str:
        """SHA-256 over all weights of the pipeline (see `ivg.policy.provenance`)."""
        if self._weights_sha256 is None:
            self._weights_sha256 = weights_sha256(self.pipeline)
        return self._weights_sha256

    def close(self) -> None:
        """Stop the detector's threads (not those of a detector that was given); the next call starts them again."""
        if self._own_detector is not None:
            self._own_detector.close()
            self._own_detector = None

    def __enter__(self) -> DemoGenerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rewrite(self, text: str, frame: NDArray[np.uint8], appearance: Appearance) -> str:
        """Return the text for the pipeline; what says nothing is left as it is, for the pipeline to refuse."""
        if not isinstance(text, str) or not text.strip():
            return text
        return self.rewriter(text, frame=frame, side=appearance.side)

    def _find_hands(self, clip: NDArray[np.uint8], progress: ProgressCallback | None) -> HandTracks:
        if self._given_detector is not None:
            return self._given_detector(clip)
        return _hands_where_changed(self._start_detector(), clip, progress)

    def _start_detector(self) -> BatchedHands:
        """Return the own detector, its networks loaded, on the pipeline's device."""
        if self._own_detector is None:
            from ivg.hands.batched_detector import BatchedHands

            device = str(getattr(self.pipeline, "device", "cpu"))
            self._own_detector = BatchedHands(device=device, search_every=_SEARCH_EVERY, model_complexity=0)
        return self._own_detector

    def _provenance(
        self, text: str, used: str, seed: int, steps: int | None, appearance: Appearance, timings: dict[str, float]
    ) -> dict[str, Any]:
        return {
            "prompt": text,
            "text": used,
            "rewriter": self.rewriter.provenance,
            "seed": seed,
            "steps": steps,
            "appearance": describe_appearance(appearance),
            "weights": {"name": self.weights, "sha256": self.weights_sha256},
            "device": str(getattr(self.pipeline, "device", "cpu")),
            "versions": versions(),
            "timings_s": {name: round(float(seconds), 4) for name, seconds in timings.items()},
        }


def _hands_where_changed(
    detector: BatchedHands, clip: NDArray[np.uint8], progress: ProgressCallback | None
) -> HandTracks:
    """Find hands in the frames that are not the first one again: the context shows no hand of the demonstration."""
    changed = (clip != clip[0]).any((1, 2, 3))
    tracks = HandTracks(
        np.full((len(clip), 2, JOINTS, 2), np.nan, np.float32),
        np.zeros((len(clip), 2), bool),
        np.zeros((len(clip), 2), np.float32),
    )
    if changed.any():
        found = detector(clip[changed])
        for name, values in vars(tracks).items():
            values[changed] = getattr(found, name)
    if progress is not None:
        progress("hands", len(clip), len(clip))
    return tracks

"""From a camera frame and a sentence to a demonstration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivg.inputs import checked_device, spread
from ivg.instructions import InstructionRewriter, load_rewriter
from ivg.types import Appearance, HandTracks

from .datasets import Demonstration
from .provenance import describe_appearance, versions, weights_sha256

if TYPE_CHECKING:
    from ivg.hands.batched_detector import BatchedHands

ProgressCallback = Callable[[str, int, int], None]  # `progress(stage, done, total)`: "region", "clip" and "hands"


class DemoGenerator:
    """Generates demonstrations: a clip by the pipeline, then the hand tracks in it.

    Args:
        pipeline: An `ivg.pipeline.InstructionalVideoPipeline`, or what is called like one.
        detector: Finds the hands of a clip; MediaPipe's networks, frames side by side (`BatchedHands`), if None.
        weights: Name of the weights, for the provenance.
        rewriter: Rewrites the text first: "none" (as the packaged weights were trained), "vocabulary", the hub name or
            folder of an `image-text-to-text` model, or an `ivg.instructions.InstructionRewriter`.

    Example:
        >>> generator = DemoGenerator.from_pretrained("nano")
        >>> generator(frame, "cut the carrot", seed=0).save("cut_carrot.zarr")
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        detector: Callable[[NDArray[np.uint8]], HandTracks] | None = None,
        weights: str = "custom",
        rewriter: str | Path | InstructionRewriter = "none",
    ) -> None:
        self.pipeline, self.weights = pipeline, weights
        self._given_detector = detector
        self._own_detector: BatchedHands | None = None
        self.rewriter = load_rewriter(rewriter, device=str(getattr(pipeline, "device", "cpu")))

    @classmethod
    def from_pretrained(
        cls, weights: str | Path = "nano", *, device: str = "cpu", rewriter: str | Path | InstructionRewriter = "none"
    ) -> DemoGenerator:
        """Load a pipeline by name, folder or hub id, onto a device of torch ("cpu", "cuda", "cuda:1", ...).

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

        Lists of one length are generated as one batch; what is no list is used for all. A batch equals its clips made
        alone as closely as `ivg.pipeline.InstructionalVideoPipeline` says.

        Args:
            frame: uint8 (h, w, 3), RGB: the scene, without hands.
            text: What is to be done, such as "cut the carrot".
            seed: The same seed, on the same machine, gives the same demonstration.
            appearance: Skin tone, size and side of the hand; drawn from the seed if None.
            steps: Denoising steps; the pipeline's default if None.
            progress: Called as `progress(stage, done, total)` with the stages "region", "clip" and "hands".
            on_part: Called as soon as they are known with ("region", bool (h, w)) and ("clip", uint8 (t, h, w, 3)).

        Returns:
            The demonstration, of the frame's size, or a list of them. `provenance` holds prompts, weights, versions and
            seconds by phase (those of a batch divided by its size).

        Raises:
            InputError: If the frame or the text cannot be used.
        """
        batched, each = spread(frame=frame, text=text, seed=seed, appearance=appearance)
        clips, taken, timings = self._generate(batched, each, steps, progress, on_part)
        demonstrations = []
        for clip, prompt, used, number in zip(clips, each["text"], each["used"], each["seed"], strict=True):
            if on_part is not None:
                on_part("clip", clip.frames)
            began = time.perf_counter()
            tracks = self._find_hands(clip.frames, progress)
            seconds = {**clip.timings, **timings, "hands": time.perf_counter() - began}
            provenance = {"prompt": prompt, "text": used, "rewriter": self.rewriter.provenance, "seed": number}
            provenance |= {"steps": taken, **self._describe(clip, seconds)}
            found = (clip.region.union, tracks.keypoints, tracks.present, float(clip.fps), provenance)
            made = Demonstration(clip.frames, *found, region_per_frame=clip.region.per_frame, score=tracks.score)
            demonstrations.append(made)
        return demonstrations if batched else demonstrations[0]

    def _generate(
        self, batched: bool, each: dict[str, list[Any]], steps: int | None, progress: Any, on_part: Any
    ) -> tuple[list[Any], int | None, dict[str, float]]:
        """Draw appearances, rewrite texts and call the pipeline; return clips, steps, and seconds a clip by phase."""
        options: dict[str, Any] = {} if steps is None else {"num_inference_steps": steps}
        taken: dict[str, int] = {}  # steps by stage

        def report(stage: str, done: int, total: int) -> None:
            taken[stage] = total
            if progress is not None:
                progress(stage, done, total)

        def on_region(found: Any) -> None:
            for region in found if batched else [found]:
                on_part("region", region.union)

        if on_part is not None:
            options["region_callback"] = on_region
        began, pairs = time.perf_counter(), zip(each["appearance"], each["seed"], strict=True)
        each["appearance"] = [one or Appearance.sample(number) for one, number in pairs]
        each["used"] = list(map(self._rewrite, each["text"], each["frame"], each["appearance"]))
        rewritten = time.perf_counter()
        given = each if batched else {name: values[0] for name, values in each.items()}
        options |= {"seed": given["seed"], "appearance": given["appearance"], "progress_callback": report}
        output = self.pipeline(given["frame"], given["used"], **options)
        count, generation = len(each["text"]), time.perf_counter() - rewritten
        timings = {"rewriting": (rewritten - began) / count, "generation": generation / count}
        return output.split() if batched else [output], taken.get("clip"), timings

    def _describe(self, output: Any, timings: dict[str, float]) -> dict[str, Any]:
        return {
            "appearance": describe_appearance(output.appearance),
            "weights": {"name": self.weights, "sha256": self.weights_sha256},
            "device": str(getattr(self.pipeline, "device", "cpu")),
            "versions": versions(),
            "timings_s": {name: round(float(seconds), 4) for name, seconds in timings.items()},
        }

    @cached_property
    def weights_sha256(self) -> str:
        """SHA-256 over all weights of the pipeline (see `ivg.policy.provenance`)."""
        return weights_sha256(self.pipeline)

    def close(self) -> None:
        """Stop the threads of the own detector; the next call starts them again."""
        if self._own_detector is not None:
            self._own_detector.close()
        self._own_detector = None

    def __enter__(self) -> DemoGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rewrite(self, text: str, frame: NDArray[np.uint8], appearance: Appearance) -> str:
        if not isinstance(text, str) or not text.strip():
            return text  # for the pipeline to refuse
        return self.rewriter(text, frame=frame, side=appearance.side)

    def _find_hands(self, clip: NDArray[np.uint8], progress: ProgressCallback | None) -> HandTracks:
        if self._given_detector is not None:
            return self._given_detector(clip)
        from ivg.hands.batched_detector import hands_where_changed

        tracks = hands_where_changed(self._start_detector(), clip)
        if progress is not None:
            progress("hands", len(clip), len(clip))
        return tracks

    def _start_detector(self) -> BatchedHands:
        """Return the own detector, its networks loaded, on the pipeline's device."""
        if self._own_detector is None:
            from ivg.hands.batched_detector import BatchedHands

            device = str(getattr(self.pipeline, "device", "cpu"))
            self._own_detector = BatchedHands(device=device, search_every=8, model_complexity=0)
        return self._own_detector

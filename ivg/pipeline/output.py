"""What the pipeline returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from diffusers.utils import BaseOutput
from PIL import Image
from torch import Tensor, from_numpy, stack

from ..types import FPS, Appearance, RegionOfMotion

OUTPUT_TYPES = ("np", "pil", "pt", "latent")  # forms of `PipelineOutput.frames`


@dataclass
class PipelineOutput(BaseOutput):
    """What the pipeline returns. Of one clip: what stands below, with h and w of the input image.

    Of a batch, `region` and `appearance` are lists, `latents` is (b, 16, z, s/8, s/8), and `frames` and `composited`
    are stacked, (b, 16, ...), or lists where the images differ in size; `split` returns the clips one by one.

    Attributes:
        frames: The clip by `output_type`: "np" uint8 (16, h, w, 3), frame 0 being the input; "pil" a list of 16 images;
            "pt" float32 (16, 3, h, w) in [0, 1]; "latent" the latents.
        region: The region of motion that the clip was generated with (16, h, w).
        composited: bool (16, h, w), true where a frame may differ from the input; None for "latent".
        appearance: The person that the clip shows.
        timings: Seconds by phase ("prepare", "text", "region", "clip", "decode", "total"), and of a single denoising
            step on average ("region_step", "clip_step"), of the whole batch.
        latents: float32 (16, z, s/8, s/8), the generated clip's.
        fps: Frames per second.
    """

    frames: Any
    region: RegionOfMotion | list[RegionOfMotion]
    composited: Any
    appearance: Appearance | list[Appearance]
    timings: dict[str, float]
    latents: Tensor
    fps: float = FPS

    def split(self) -> list[PipelineOutput]:
        """Return one output a clip; timings are the batch's, divided by its size."""
        if not isinstance(self.region, list):
            return [self]
        count = len(self.latents)
        timings = {phase: seconds / count for phase, seconds in self.timings.items()}
        composited = [None] * count if self.composited is None else self.composited
        parts = zip(self.frames, self.region, composited, self.appearance, self.latents, strict=True)  # type: ignore[arg-type]
        return [
            PipelineOutput(frames, region, changed, person, timings, latents, self.fps)
            for frames, region, changed, person, latents in parts
        ]


def gather(values: list[Any], batched: bool) -> Any:
    """Return the only value, or those of a batch: stacked if they are arrays or tensors of one shape, else a list."""
    if not batched:
        return values[0]
    same = len({getattr(value, "shape", None) for value in values}) == 1
    if same and isinstance(values[0], Tensor):
        return stack(values)
    return np.stack(values) if same and isinstance(values[0], np.ndarray) else values


def convert_frames(frames: Any, output_type: str) -> Any:
    """Return a clip uint8 (t, h, w, 3) as the output type "np", "pil" or "pt" wants it."""
    if output_type == "pil":
        return [Image.fromarray(frame) for frame in frames]
    if output_type == "pt":
        return from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    return frames

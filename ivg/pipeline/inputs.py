"""Checked inputs of a call of the pipeline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError, unknown_option
from ..framing import Framing
from ..inputs import LARGEST_SEED, check_image, check_seed, check_text, spread
from ..models.noise import STEPS
from ..types import Appearance, RegionOfMotion
from .output import OUTPUT_TYPES
from .sampling import CALLBACK_TENSORS


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked inputs of a batch; all lists have its length."""

    images: list[NDArray[np.uint8]]  # (h, w, 3) each
    prompts: list[str]
    generators: list[torch.Generator]  # of the noise; the same one several times draws for one clip after the other
    appearances: list[Appearance]
    framings: list[Framing]  # between images and the model's size
    masks: list[NDArray[np.bool_]] | None  # given regions of motion (t, s, s) at the model's size; None predicts them
    batched: bool  # whether any input was a list

    @classmethod
    def check(
        cls, image: Any, prompt: Any, seed: Any, generator: Any, appearance: Any, region: Any, size: int, frames: int
    ) -> Inputs:
        """Check a call's inputs for a model's size in pixels and frames; raise an `InputError` if one is no good."""
        if seed is not None and generator is not None:
            raise InputError("give a seed or a generator, not both")
        batched, each = spread(
            image=image, prompt=prompt, seed=seed, generator=generator, appearance=appearance, region=region
        )
        seeds = [check_seed(0 if one is None else one) for one in each["seed"]]
        generators = each["generator"]
        if generator is None:
            generators = [torch.Generator().manual_seed(one) for one in seeds]
        else:
            seeds = [one.initial_seed() & LARGEST_SEED for one in generators]
        images = [check_image(one) for one in each["image"]]
        framings = [Framing(one.shape[0], one.shape[1], size) for one in images]
        return cls(
            images=images,
            prompts=[check_text(one) for one in each["prompt"]],
            generators=generators,
            appearances=[one or Appearance.sample(s) for one, s in zip(each["appearance"], seeds, strict=True)],
            framings=framings,
            masks=None if region is None else _fit_all(each["region"], framings, frames),
            batched=batched,
        )

    def fit_images(self) -> NDArray[np.uint8]:
        """Return the images at the model's size, uint8 (b, s, s, 3)."""
        return np.stack([framing.fit(image) for framing, image in zip(self.framings, self.images, strict=True)])

    def regions(self, masks: list[NDArray[np.bool_]]) -> list[RegionOfMotion]:
        """Return masks (t, s, s) at the images' sizes."""
        pairs = zip(self.framings, masks, strict=True)
        return [RegionOfMotion(np.stack([framing.back_mask(mask) for mask in clip])) for framing, clip in pairs]


def _fit_all(regions: list[RegionOfMotion], framings: list[Framing], frames: int) -> list[NDArray[np.bool_]]:
    """Fit given regions (t, h, w) or (1, h, w) to the model's size, bool (t, s, s)."""
    clips = []
    for region, framing in zip(regions, framings, strict=True):
        masks, expected = region.per_frame, (frames, framing.height, framing.width)
        if masks.shape not in (expected, (1, *expected[1:])):
            raise InputError(f"region must have shape {expected}, or 1 mask for all frames, got {masks.shape}")
        fitted = np.stack([framing.fit_mask(mask) for mask in masks])
        clips.append(np.broadcast_to(fitted, (frames, *fitted.shape[1:])).copy())
    return clips


def check_options(
    steps: int, region_steps: int, guidance_scale: float, output_type: str, step_tensors: Sequence[str]
) -> None:
    """Refuse numbers of steps, guidance scales, output types and callback tensors that are impossible."""
    for name, count in (("num_inference_steps", steps), ("num_region_steps", region_steps)):
        if not isinstance(count, int | np.integer) or not 1 <= count <= STEPS:
            raise InputError(f"{name} must be a whole number from 1 to {STEPS}, got {count!r}")
    if not 1 <= guidance_scale < math.inf:
        raise InputError(f"guidance_scale must be a number of at least 1 (1 is none), got {guidance_scale}")
    if output_type not in OUTPUT_TYPES:
        raise unknown_option("output_type", output_type, OUTPUT_TYPES)
    for name in step_tensors:
        if name not in CALLBACK_TENSORS:
            raise unknown_option("callback_on_step_end_tensor_inputs", name, CALLBACK_TENSORS)

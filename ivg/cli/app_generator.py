"""The generator of ``ivg-app``: it tells the region of motion and the clip as soon as they are there (loads torch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..framing import Framing
from ..pipeline import InstructionalVideoPipeline, PipelineOutput
from ..policy import DemoGenerator

Tell = Callable[[str, NDArray[Any]], None]
"""Called with ("region", bool (h, w)) and ("clip", uint8 (t, h, w, 3))."""


class TellingPipeline(InstructionalVideoPipeline):
    """The pipeline; what it returns is the same, and seen earlier.

    Attributes:
        tell: Whom to tell; None tells nobody.
    """

    tell: Tell | None = None

    def __call__(self, frame: NDArray[np.uint8], text: str, **options: Any) -> PipelineOutput:
        """Generate a clip as `InstructionalVideoPipeline` does."""
        self._height, self._width = np.shape(frame)[:2]
        output = super().__call__(frame, text, **options)
        if self.tell is not None:
            self.tell("clip", output.clip)
        return output

    def _predict_region(self, *arguments: Any) -> NDArray[np.bool_]:
        masks = super()._predict_region(*arguments)
        if self.tell is not None:
            framing = Framing(self._height, self._width, self.model_size)
            self.tell("region", np.stack([framing.back_mask(mask) for mask in masks]).any(axis=0))
        return masks


def load_telling_generator(weights: str, device: str) -> DemoGenerator:
    """Load a generator whose pipeline tells.

    Args:
        weights: As `DemoGenerator.from_pretrained` takes them.
        device: Where torch computes.

    Raises:
        IvgError: As there.
    """
    generator = DemoGenerator.from_pretrained(weights, device=device)
    generator.pipeline = TellingPipeline(**generator.pipeline.components)
    return generator

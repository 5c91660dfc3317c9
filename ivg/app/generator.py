"""The generator of ``ivg-app``: it tells the region of motion and the clip as soon as they are there (loads torch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

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

    def __call__(self, image: Any, prompt: Any, **options: Any) -> PipelineOutput:
        """Generate a clip as `InstructionalVideoPipeline` does."""
        tell = self.tell
        if tell is None:
            return super().__call__(image, prompt, **options)
        output = super().__call__(image, prompt, region_callback=lambda region: tell("region", region.union), **options)
        tell("clip", output.frames)
        return output


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

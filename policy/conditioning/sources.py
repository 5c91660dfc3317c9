"""Sources of demonstrations for a training loop: generated ones, precomputed ones, or any callable of this kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Appearance, Camera

from ..provenance import describe_appearance
from ..sampling import SAMPLES

if TYPE_CHECKING:
    from ..datasets import Demonstration
    from ..extraction import ExtractedDemonstration
    from ..generator import DemoGenerator
    from ..hands3d.lifting import HandLifter


@runtime_checkable
class DemonstrationSource(Protocol):
    """Gives a demonstration of what a text says, in the scene that a frame shows.

    Any callable of this kind will do; to be cached on disk it needs the attribute `fingerprint`, too: JSON values that,
    with frame, text, seed and camera, decide the result (weights, appearance, ...).
    """

    def __call__(
        self, frame: NDArray[np.uint8], text: str, seed: int, camera: Camera, depth: NDArray[np.floating] | None = None
    ) -> ExtractedDemonstration | None:
        """Return the demonstration, or None where no hand was found.

        Args:
            frame: uint8 (h, w, 3), RGB: the scene, without hands.
            text: The task.
            seed: Seed of the random draws.
            camera: Of the frame.
            depth: Float (h, w), m along the optical axis, of the frame; None if unknown.
        """


class GeneratedDemonstrations:
    """Generates clips and reads gripper trajectories from them.

    Args:
        generator: A `DemoGenerator`, or the name or folder of the weights. A name is loaded when it is first needed;
            the fingerprint needs it.
        lifter: Lifts tracks to metres; a name or folder, or a `HandLifter`.
        appearance: Appearance of the hand; drawn from the seed if None.
        steps: Denoising steps; the pipeline's default if None.
        samples: How many clips are generated for a scene at most where its depth is known, to take the one with the
            best contact; see `ivg.policy.sampling.best_of_n`. One where it is unknown, or an appearance is given.
        device: Where a generator that is loaded here computes.
    """

    def __init__(
        self,
        generator: DemoGenerator | str | Path = "nano",
        *,
        lifter: HandLifter | str | Path = "kitchen",
        appearance: Appearance | None = None,
        steps: int | None = None,
        samples: int = SAMPLES,
        device: str = "cpu",
    ) -> None:
        self._generator, self._lifter = generator, lifter
        self.appearance, self.steps, self.samples, self.device = appearance, steps, samples, device

    @property
    def generator(self) -> DemoGenerator:
        """The generator, loaded if need be."""
        if isinstance(self._generator, str | Path):
            from ..generator import DemoGenerator

            self._generator = DemoGenerator.from_pretrained(self._generator, device=self.device)
        return self._generator

    @property
    def lifter(self) -> HandLifter:
        """The lifter, loaded if need be."""
        if isinstance(self._lifter, str | Path):
            from ..hands3d.lifting import HandLifter

            self._lifter = HandLifter.from_pretrained(self._lifter)
        return self._lifter

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Determines the demonstrations: weights of generator and lifter, rewriter, appearance, steps, samples."""
        return {
            "source": "generated",
            "weights": self.generator.weights_sha256,
            "rewriter": self.generator.rewriter.provenance,
            "lifter": self.lifter.provenance,
            "appearance": None if self.appearance is None else describe_appearance(self.appearance),
            "steps": self.steps,
            "samples": self.samples,
        }

    def __call__(
        self, frame: NDArray[np.uint8], text: str, seed: int, camera: Camera, depth: NDArray[np.floating] | None = None
    ) -> ExtractedDemonstration | None:
        """Return the demonstration; None where no hand is found in it."""
        from ..extraction import NoHandError
        from ..sampling import best_of_n

        def demonstrate(
            frame: NDArray[np.uint8], text: str, seed: int = 0, appearance: Appearance | None = None, /
        ) -> Demonstration:
            return self.generator(frame, text, seed=seed, appearance=appearance or self.appearance, steps=self.steps)

        samples = self.samples if depth is not None and self.appearance is None else 1
        try:
            return best_of_n(
                demonstrate, frame, text, camera, seed=seed, lifter=self.lifter, depth=depth, samples=samples
            )
        except NoHandError:
            return None


class PrecomputedDemonstrations:
    """Stands in for the source, of the same fingerprint, that filled a cache: a worker process needs no generator."""

    def __init__(self, fingerprint: dict[str, Any]) -> None:
        self.fingerprint = fingerprint

    def __call__(self, frame: Any, text: str, seed: int, camera: Camera, depth: Any = None) -> None:
        """Raise an `InputError`: what is asked for is not in the cache."""
        raise InputError(
            f"no demonstration of '{text}' with seed {seed} is in the cache, and this process has no generator: "
            "fill the cache with all seeds first (fill_cache), or use a source that generates"
        )


def fingerprint_of(source: Callable[..., Any], *, lasting: bool) -> dict[str, Any]:
    """Return what identifies a source; an `InputError` if it is to be `lasting` but the source has no `fingerprint`."""
    fingerprint = getattr(source, "fingerprint", None)
    if fingerprint is None and lasting:
        raise InputError(
            f"the source {source!r} has no attribute 'fingerprint', so that what it gives cannot be told from another "
            "source's on disk: give it one (a dict of JSON values), or use a cache without a folder"
        )
    return {"source": f"{type(source).__qualname__} {id(source)}"} if fingerprint is None else dict(fingerprint)

"""Best-of-n sampling: of several generated demonstrations, take the one of best contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Appearance, Camera, Side

if TYPE_CHECKING:
    from .datasets import Demonstration
    from .extraction import ExtractedDemonstration
    from .hands3d.lifting import HandLifter

GOOD_CONTACT = 5.0  # a demonstration whose contact costs less is taken without generating another
SAMPLES = 4  # how many demonstrations are generated at most where a contact can be judged
_SEED_STRIDE = 1_000_003


class Demonstrate(Protocol):
    """Generates a demonstration of a text in the scene of a frame, such as a `DemoGenerator`."""

    def __call__(
        self, frame: NDArray[np.uint8], text: str, seed: int = 0, appearance: Appearance | None = None, /
    ) -> Demonstration:
        """Return the demonstration by a hand of this appearance; drawn from the seed if None."""


def best_of_n(
    demonstrate: Demonstrate,
    frame: NDArray[np.uint8],
    text: str,
    camera: Camera,
    *,
    seed: int = 0,
    lifter: HandLifter | None = None,
    depth: NDArray[np.floating] | None = None,
    samples: int = 1,
) -> ExtractedDemonstration:
    """Generate demonstrations of a task and read the gripper's trajectory from the best.

    With the scene's depth, the hand is moved onto what it touches (`ivg.policy.retargeting.refinement`), and more than
    one demonstration can be generated: other seeds, the two hands in turn. The first whose contact is good is taken,
    else the one of best contact.

    The frame is uint8 (h, w, 3), RGB: the scene, without hands; its depth float (h, w), m along the optical axis. The
    seed is that of the first demonstration; the lifter is the one for `ivg/Kitchen-v0` if None.

    Raises:
        NoHandError: If none of the demonstrations shows a hand.
        InputError: If `samples` is not positive, or several are asked for without `depth`.
    """
    from .extraction import NoHandError, extract

    if samples < 1:
        raise InputError(f"samples must be 1 or more, got {samples}")
    if samples > 1 and depth is None:
        raise InputError(f"{samples} samples cannot be compared without depth: give depth, or samples=1")
    found: list[ExtractedDemonstration] = []
    missing: list[NoHandError] = []
    for sample_seed, appearance in demonstrators(seed, samples):
        demonstration = demonstrate(frame, text, sample_seed, appearance)
        try:
            found.append(extract(demonstration, camera, lifter, depth=depth))
        except NoHandError as error:
            missing.append(error)
        if found and _cost(found[-1]) < GOOD_CONTACT:
            break
    if not found:
        raise missing[-1]
    return min(found, key=_cost)


def demonstrators(seed: int, samples: int) -> Iterator[tuple[int, Appearance | None]]:
    """Yield seeds and appearances: the one drawn from the first seed (None), then others with the hands in turn."""
    drawn = Appearance.sample(seed).side
    other: Side = "left" if drawn == "right" else "right"
    yield seed, None
    for sample in range(1, samples):
        own = seed + sample * _SEED_STRIDE
        yield own, Appearance.sample(own, (other, drawn)[1 - sample % 2])


def _cost(extracted: ExtractedDemonstration) -> float:
    return 0.0 if extracted.contact is None else extracted.contact.cost

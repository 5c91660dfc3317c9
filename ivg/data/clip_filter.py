"""Which clips of real video are worth training on: sharp ones in which something moves and a hand is seen.

The paper trains on the selection of LEGO (Lai et al. 2023), which is said to leave out blurry clips and
actions without motion, but no rule. Ours:

* sharpness: the median over the frames of the variance of the Laplacian of the grey frame, reduced to a longer side
  of 256 px (Pech-Pacheco et al. 2000);
* motion: the largest fraction of pixels, over the frames, that differ from frame 0 by more than 24 of 255 in a channel,
  after a blur of 5 px that takes out the sensor's noise;
* different frames: how many of the frames are not the same image again (a part of too few frames repeats some);
* hand frames: in how many frames the detector finds a hand.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..io.video_frames import shrink
from .clip_arrays import changed_pixels

# Longer side in pixels at which sharpness and motion are measured, so that they mean the same for any video
MEASURED_SIDE = 256


@dataclass(frozen=True)
class ClipFilter:
    """The least that a clip must have; a value out of its range raises an `InputError`."""

    min_sharpness: float = 10.0  # Least sharpness; 0 lets all pass
    min_motion: float = 0.005  # Least motion, a fraction in [0, 1]; 0 lets all pass
    min_frames: int = 8  # Least number of different frames
    min_hand_frames: int = 1  # Least number of frames in which a hand is found

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0:
                raise InputError(f"{name} must not be negative, got {value}")
        if self.min_motion > 1:
            raise InputError(f"min_motion is a fraction of the image, at most 1, got {self.min_motion}")

    def fault_of_frames(self, frames: NDArray[np.uint8]) -> tuple[str, str] | None:
        """Return the reason and the figure that speak against frames uint8 (t, h, w, 3), or None."""
        for reason, measure, least, figure in (
            ("static", motion, self.min_motion, "motion {:.4f}, at least {:g} is wanted"),
            ("too few frames", different_frames, self.min_frames, "{} different ones, at least {} are wanted"),
            ("blurry", sharpness, self.min_sharpness, "sharpness {:.1f}, at least {:g} is wanted"),
        ):
            value = measure(frames)
            if value < least:
                return reason, figure.format(value, least)
        return None

    def fault_of_hands(self, present: NDArray[np.bool_]) -> tuple[str, str] | None:
        """Return the reason and the figure that speak against found hands bool (t, 2), or None."""
        seen = int(present.any(1).sum())
        if seen < self.min_hand_frames:
            return "no hand", f"found in {seen} of {len(present)} frames, at least {self.min_hand_frames} are wanted"
        return None


def sharpness(frames: NDArray[np.uint8]) -> float:
    """Return how sharp a clip (t, h, w, 3) is: see the module's text. Not negative; a plain image has 0."""
    grey = [cv2.cvtColor(shrink(frame, MEASURED_SIDE), cv2.COLOR_RGB2GRAY) for frame in frames]
    return float(np.median([cv2.Laplacian(image, cv2.CV_64F).var() for image in grey]))


def motion(frames: NDArray[np.uint8]) -> float:
    """Return how much moves in a clip (t, h, w, 3): see the module's text. In [0, 1]; a still image has 0."""
    smooth = np.stack([np.asarray(cv2.blur(shrink(frame, MEASURED_SIDE), (5, 5)), np.uint8) for frame in frames])
    return float(changed_pixels(smooth, smooth[:1]).mean((1, 2)).max())


def different_frames(frames: NDArray[np.uint8]) -> int:
    """Return how many frames of (t, h, w, 3) differ from the one before them in any pixel, the first included."""
    return 1 + sum(bool((a != b).any()) for a, b in pairwise(frames))

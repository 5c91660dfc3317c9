"""Whether the objects that a task moves end up where they should, looking as they should.

The truth gives the visible mask of the object in the last frame. Two questions:

- *colour*: the difference of the mean Lab colours, generated against true, of the pixels under that mask;
- *position*: the true object (the pixels under the mask) is slid over the generated frame; the best fit is taken as its
  position. The fit is the mean colour distance of its pixels, each capped so that a hand in front does not outweigh the
  rest, plus a small pull towards the true position that decides between equals. An object whose best fit is poor is
  *lost*.

A sliding mask needs no segmentation of generated pixels, works for objects of several colours, and is exact to a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .images import delta_e, to_lab

MIN_PIXELS = 12  # objects with fewer visible pixels at the end (of 128 x 128) are not judged

CAP_DELTA_E = 40.0
PULL_DELTA_E = 1.0
LOST_DELTA_E = 16.0
REACH = 0.25


@dataclass(frozen=True)
class ObjectScore:
    """How one object ended; distances are fractions of the image's width."""

    place_error: float  # distance between the best fit and the true position
    fit: float  # mean colour distance (Delta E, capped) of the object's pixels at its best fit
    colour_error: float  # Delta E between the mean colours under the true mask
    travel: float  # distance of the object's centre in truth, first to last frame; NaN if not visible in the first

    @property
    def lost(self) -> bool:
        """Whether nothing near the true position looks like the object."""
        return self.fit > LOST_DELTA_E


def score_object(
    generated: NDArray[np.uint8], truth: NDArray[np.uint8], labels: NDArray[np.uint8], label: int
) -> ObjectScore | None:
    """Judges one object at the end of a clip; None if too little of it is visible there.

    Clips are (t, h, w, 3), the truth's labels (t, h, w); `label` is the object's.
    """
    mask = labels[-1] == label
    if np.count_nonzero(mask) < MIN_PIXELS * mask.size / 128**2:
        return None
    generated_lab, truth_lab = to_lab(generated[-1]), to_lab(truth[-1])
    colour_error = float(delta_e(generated_lab[mask].mean(0), truth_lab[mask].mean(0)))
    place_error, fit = _slide(generated_lab, truth_lab, mask)
    return ObjectScore(place_error, fit, colour_error, _travel(labels, label))


def _slide(
    generated: NDArray[np.floating], truth: NDArray[np.floating], mask: NDArray[np.bool_]
) -> tuple[float, float]:
    """Returns the distance (fraction of the width) and the fit of the best position within `REACH`."""
    width = mask.shape[1]
    reach = round(REACH * width)
    ys, xs = np.nonzero(mask)
    colours = truth[ys, xs]
    padded = np.pad(generated, ((reach, reach), (reach, reach), (0, 0)), constant_values=np.inf)
    shifts = np.arange(2 * reach + 1)
    best = (np.inf, 0.0, np.inf)
    for dy in shifts:
        there = padded[ys + dy, xs + shifts[:, None]]  # (shifts in x, pixels, 3)
        fit = np.minimum(delta_e(there, colours), CAP_DELTA_E).mean(1)
        moved = np.hypot(dy - reach, shifts - reach)
        cost = fit + PULL_DELTA_E * moved / reach
        at = int(np.argmin(cost))
        best = min(best, (float(cost[at]), float(moved[at]) / width, float(fit[at])))
    return best[1], best[2]


def _travel(labels: NDArray[np.uint8], label: int) -> float:
    centres = [np.argwhere(frame == label).mean(0) for frame in (labels[0], labels[-1]) if (frame == label).any()]
    return float(np.linalg.norm(centres[1] - centres[0]) / labels.shape[2]) if len(centres) == 2 else float("nan")

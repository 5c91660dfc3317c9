"""PSNR, colour differences (CIE Lab, Delta E of 1976), the constancy of a hand's skin tone, and moved objects.

Whether an object that a task moves ends up where it should, looking as it should, takes two questions. The truth gives
its visible mask in the last frame:

- *colour*: the difference of the mean Lab colours, generated against true, of the pixels under that mask;
- *position*: the true object (the pixels under the mask) is slid over the generated frame; the best fit is taken as its
  position. The fit is the mean colour distance of its pixels, each capped so that a hand in front does not outweigh the
  rest, plus a small pull towards the true position that decides between equals. An object whose best fit is poor is
  *lost*.

A sliding mask needs no segmentation of generated pixels, works for objects of several colours, and is exact to a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CEILING_DB = 100.0  # PSNR of identical images, instead of infinity
PALM = (0, 1, 5, 9, 13, 17)  # joints whose hull is the palm or the hand's back: all skin, little shade, rarely occluded
MIN_PIXELS = 12  # objects with fewer visible pixels at the end (of 128 x 128) are not judged
CAP_DELTA_E = 40.0
PULL_DELTA_E = 1.0
LOST_DELTA_E = 16.0
REACH = 0.25


def psnr(image: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> float:
    """Returns the PSNR in dB, at most `CEILING_DB`; NaN if no pixel counts.

    `image` is (..., h, w, 3), `truth` broadcastable to that; the pixels of `mask` (..., h, w) count, all if None.
    """
    squared = np.square(image.astype(np.float32) - truth.astype(np.float32)).mean(-1)
    if mask is not None:
        squared = squared[np.broadcast_to(mask, squared.shape)]
    if squared.size == 0:
        return float("nan")
    mean = float(squared.mean(dtype=np.float64))
    return CEILING_DB if mean == 0.0 else min(CEILING_DB, float(10 * np.log10(255.0**2 / mean)))


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns CIE Lab (L 0 to 100, a and b about -128 to 127; D65) of sRGB images uint8 (..., h, w, 3)."""
    rows = np.ascontiguousarray(rgb.reshape(-1, rgb.shape[-2], 3))
    lab = cv2.cvtColor(rows.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, dtype=np.float32).reshape(rgb.shape)


def delta_e(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.floating]:
    """Returns the distance of Lab colours (..., 3); about 2.3 is just noticeable, 10 is seen at a glance."""
    return np.asarray(np.linalg.norm(first - second, axis=-1))


def palm_colours(frames: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Returns the median Lab colour of each palm in each frame: (t, 2, 3), NaN where there is none.

    `frames` are (t, h, w, 3), `keypoints` (t, 2, 21, 2), normalised, NaN where absent.
    """
    size = np.array(frames.shape[2:0:-1])
    lab = to_lab(frames)
    colours = np.full((*keypoints.shape[:2], 3), np.nan, dtype=np.float32)
    for t, hand in np.argwhere(np.isfinite(keypoints).all((-1, -2))):
        hull = cv2.convexHull(np.round(keypoints[t, hand, PALM] * size).astype(np.int32))
        mask = np.zeros(frames.shape[1:3], dtype=np.uint8)
        cv2.fillConvexPoly(mask, hull, (1,))
        if mask.any():
            colours[t, hand] = np.median(lab[t][mask == 1], axis=0)
    return colours


def skin_spread(colours: NDArray[np.floating]) -> float:
    """Returns the mean Delta E of each hand's `palm_colours` (t, 2, 3) to its own median; NaN without hands."""
    distances = []
    for hand in range(colours.shape[1]):
        seen = colours[:, hand][np.isfinite(colours[:, hand]).all(-1)]
        if len(seen) > 1:
            distances.append(delta_e(seen, np.median(seen, axis=0)))
    return float(np.concatenate(distances).mean()) if distances else float("nan")


def skin_difference(colours: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Returns Delta E between the median `palm_colours` of two clips (t, 2, 3); NaN if one has no hands."""
    seen = [clip[np.isfinite(clip).all(-1)] for clip in (colours, truth)]
    if not all(map(len, seen)):
        return float("nan")
    return float(delta_e(*(np.median(clip, axis=0) for clip in seen)))


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

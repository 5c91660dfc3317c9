"""How well a predicted region of motion lies on the annotated one, and what a fixed region would get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = tuple(np.linspace(0.02, 0.6, 30))
BOX_STEPS = 17

Box = tuple[int, int, int, int]
"""Top, bottom, left and right edge of a box, px; bottom and right exclusive."""


def iou(region: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Returns the intersection over the union of two masks of one shape; 1 if both are empty."""
    union = np.count_nonzero(region | truth)
    return np.count_nonzero(region & truth) / union if union else 1.0


def mean_iou(region: NDArray[np.bool_], truths: NDArray[np.bool_]) -> float:
    """Returns the mean IoU of one mask (h, w) with many (n, h, w)."""
    both = (truths & region).sum((1, 2))
    either = (truths | region).sum((1, 2))
    return float(np.where(either > 0, both / np.maximum(either, 1), 1.0).mean())


@dataclass(frozen=True, eq=False)
class FixedRegion:
    """A region that is the same for every image."""

    region: NDArray[np.bool_]  # (h, w)
    mean_iou: float  # with the regions it was chosen for
    name: str  # how it was made


def best_prior_mask(frequency: NDArray[np.floating], truths: NDArray[np.bool_]) -> FixedRegion:
    """Cuts the map of how often a pixel lies in a training region where the result is best on `truths`.

    The bare union over a training set of some thousand clips covers nearly all of the image; cutting at the best level
    gives the prior the benefit of the doubt, because the level is chosen on the very regions it is judged on.
    `frequency`, (h, w), is the fraction of the training set's regions that hold the pixel; `truths` are (n, h, w).
    """
    levels = [0.0, *THRESHOLDS]
    masks = [frequency > level for level in levels]
    scores = [mean_iou(mask, truths) for mask in masks]
    best = int(np.argmax(scores))
    return FixedRegion(masks[best], scores[best], f"prior mask, cut at {levels[best]:.2f}")


def best_fixed_box(truths: NDArray[np.bool_]) -> FixedRegion:
    """Finds the box with the highest mean IoU over `truths`, bool (n, h, w): coarse grid, then pixel steps.

    Like the prior's level it is chosen on the regions that it is judged on.
    """
    n, height, width = truths.shape
    total = np.zeros((n, height + 1, width + 1), dtype=np.int64)
    total[:, 1:, 1:] = truths.cumsum(1).cumsum(2)
    area = total[:, -1, -1]

    def score(box: Box) -> float:
        top, bottom, left, right = box
        inside = total[:, bottom, right] - total[:, top, right] - total[:, bottom, left] + total[:, top, left]
        either = area + (bottom - top) * (right - left) - inside
        return float((inside / np.maximum(either, 1)).mean())

    ys = np.unique(np.linspace(0, height, BOX_STEPS).astype(int)).tolist()
    xs = np.unique(np.linspace(0, width, BOX_STEPS).astype(int)).tolist()
    boxes = [(t, b, le, r) for t in ys for b in ys if b > t for le in xs for r in xs if r > le]
    box: Box = max(boxes, key=score)
    for step in (4, 2, 1):
        box = _climb(box, step, (height, width), score)
    top, bottom, left, right = box
    region = np.zeros((height, width), dtype=bool)
    region[top:bottom, left:right] = True
    return FixedRegion(region, score(box), f"box x {left}-{right}, y {top}-{bottom}")


def _climb(box: Box, step: int, size: tuple[int, int], score: Callable[[Box], float]) -> Box:
    """Moves one edge at a time by `step` as long as that raises the score."""
    height, width = size
    while True:
        moves = [cast(Box, (*box[:e], box[e] + sign * step, *box[e + 1 :])) for e in range(4) for sign in (-1, 1)]
        legal = [(t, b, le, r) for t, b, le, r in moves if 0 <= t < b <= height and 0 <= le < r <= width]
        best = max(legal, key=score, default=box)
        if score(best) <= score(box):
            return box
        box = best

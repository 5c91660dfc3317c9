"""Hand structure error: Eq. 2 of the paper as a metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hs_err(
    generated: NDArray[np.floating],
    truth: NDArray[np.floating],
) -> float:
    """Returns the mean squared joint distance of two clips' detected hands (Eq. 2), context frame left out.

    In each frame the sum over the truth's detected joints of the squared distance is divided by their number
    J_l; the
    mean is taken over the L' frames in which the truth has a hand. Joints that the generated clip lacks count
    as 0,
    as in the paper.

    Args:
        generated: (t, 2, 21, 2), normalised coordinates, NaN where the detector found no hand.
        truth: (t, 2, 21, 2), detected in the ground truth's clip.

    Returns:
        The error in squared fractions of the picture, NaN if the truth shows no hand.
    """
    there = np.isfinite(truth[1:]).all(-1)  # (L, 2, 21)
    placed = np.where(np.isfinite(generated[1:]), generated[1:], 0.0)
    squared = np.where(there, np.square(placed - truth[1:]).sum(-1), 0.0)
    joints = there.sum((1, 2))
    frames = joints > 0
    if not frames.any():
        return float("nan")
    return float((squared.sum((1, 2))[frames] / joints[frames]).mean())

"""What is held out: clips of a store, and seeds of scenes."""

import numpy as np
from numpy.typing import NDArray

HELD_OUT_EVERY = 32
"""Clip k is held out (never trained on) if k % 32 == 31."""

HELD_OUT_SEEDS = 1_000_000
"""Scenes for evaluation have seeds from here on; training uses those below."""


def split_indices(indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split clip indices into those for training and those held out, both in the given order.

    Where none would be held out (a small store, or one with gaps) the last of several clips is.
    """
    held = indices % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    if not held.any() and len(indices) > 1:
        held[-1] = True
    return indices[~held], indices[held]

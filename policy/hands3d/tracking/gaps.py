"""Short gaps in tracks are filled; long ones stay what they are."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import HandTracks


def fill_gaps(tracks: HandTracks, max_gap: int = 3) -> tuple[HandTracks, NDArray[np.bool_]]:
    """Fill gaps of at most `max_gap` frames between two detections of a hand, joint by joint on a straight line.

    Confidence goes on a straight line, too, and is halved. What lies before the first and after the last detection is
    no gap.

    Args:
        tracks: Of t frames.
        max_gap: Longest gap, frames; 0 fills none.

    Returns:
        Tracks of t frames, and bool (t, 2): where a hand was put in.

    Raises:
        InputError: If `max_gap` is negative.
    """
    if max_gap < 0:
        raise InputError(f"max_gap must not be negative, got {max_gap}")
    keypoints, present, score = tracks.keypoints.copy(), tracks.present.copy(), tracks.score.copy()
    for hand in (0, 1):
        seen = np.flatnonzero(tracks.present[:, hand])
        for before, after in itertools.pairwise(seen):
            if not 0 < after - before - 1 <= max_gap:
                continue
            for frame in range(before + 1, after):
                share = (frame - before) / (after - before)
                for values, factor in ((keypoints, 1.0), (score, 0.5)):
                    low, high = values[before, hand], values[after, hand]
                    values[frame, hand] = factor * (low + share * (high - low))
                present[frame, hand] = True
    return HandTracks(keypoints, present, score), present & ~tracks.present

"""The world landmarks of cleaned tracks, in which hands may have changed slots or been interpolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.hands.sides import MetricHands
from ivg.types import HandTracks


def landmarks_of(tracks: HandTracks, found: MetricHands) -> NDArray[np.float32]:
    """Return the world landmarks of tracks that were cleaned from a detector's.

    In each frame the hands take the assignment whose joints lie nearest. The landmarks of a
    hand that was filled in are interpolated in time.

    Args:
        tracks: Of t frames, such as `clean_tracks` makes from `found`.
        found: Of the same t frames.

    Returns:
        float32 (t, 2, 21, 3), m; NaN where there is no hand.

    Raises:
        InputError: If they are not of the same number of frames, or a hand of the tracks was never found.
    """
    if len(tracks) != len(found):
        raise InputError(f"tracks have {len(tracks)} frames, the landmarks {len(found)}: they must be of one clip")
    known = np.full(found.world_landmarks_m.shape, np.nan, np.float32)
    for frame in range(len(tracks)):
        order = min(([0, 1], [1, 0]), key=lambda order: _cost(tracks, found, frame, order))
        known[frame] = found.world_landmarks_m[frame, order]
    for hand in (0, 1):
        _fill(known[:, hand], tracks.present[:, hand])
    known[~tracks.present] = np.nan
    return known


def _cost(tracks: HandTracks, found: MetricHands, frame: int, order: list[int]) -> float:
    """Mean distance of joints in the image; a hand on one side only counts as one image width."""
    total = 0.0
    for slot, source in enumerate(order):
        if tracks.present[frame, slot] and found.tracks.present[frame, source]:
            step = tracks.keypoints[frame, slot] - found.tracks.keypoints[frame, source]
            total += float(np.linalg.norm(step, axis=-1).mean())
        elif tracks.present[frame, slot] != found.tracks.present[frame, source]:
            total += 1.0
    return total


def _fill(landmarks: NDArray[np.float32], present: NDArray[np.bool_]) -> None:
    """Put landmarks (t, 21, 3) into the frames that have a hand and none yet."""
    known = np.flatnonzero(np.isfinite(landmarks).all((1, 2)))
    missing = np.flatnonzero(present & ~np.isfinite(landmarks).all((1, 2)))
    if len(missing) and not len(known):
        raise InputError("a hand of the tracks has world landmarks in no frame: they must be of one clip")
    for frame in missing:
        after = int(np.clip(np.searchsorted(known, frame), 1, max(len(known) - 1, 1)))
        low, high = known[after - 1], known[min(after, len(known) - 1)]
        fraction = float(np.clip((frame - low) / max(high - low, 1), 0, 1))
        landmarks[frame] = (1 - fraction) * landmarks[low] + fraction * landmarks[high]

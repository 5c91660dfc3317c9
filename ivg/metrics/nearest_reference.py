"""Which task a clip shows, judged by its hand's motion alone: that of the nearest reference motions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def acting_track(keypoints: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Returns the joints of the hand that is present most, gaps bridged: (t, 21, 2); None without any hand.

    Before its first and after its last frame the hand stays where it was then. A left hand is mirrored about its own
    middle, frame by frame, so that left and right hands can be compared. `keypoints` are (t, 2, 21, 2), NaN where
    absent.
    """
    there = np.isfinite(keypoints).all((-1, -2))
    hand = int(there.sum(0)[1] >= there.sum(0)[0])
    frames = np.flatnonzero(there[:, hand])
    if not len(frames):
        return None
    known = keypoints[frames, hand].reshape(len(frames), -1)
    every = np.arange(len(keypoints))
    bridged = np.stack([np.interp(every, frames, column) for column in known.T], axis=1)
    track = bridged.reshape(len(keypoints), 21, 2).astype(np.float32)
    if hand == 0:
        middle = track[..., :1].mean(axis=1, keepdims=True)
        track[..., :1] = 2 * middle - track[..., :1]
    return track


def nearest_task(track: NDArray[np.floating], references: Sequence[tuple[str, NDArray[np.floating]]]) -> str:
    """Returns the task of the reference, (task, (t, 21, 2)), whose root mean squared distance to a track is least."""
    distances = [np.sqrt(np.square(track - reference).sum(-1).mean()) for _, reference in references]
    return references[int(np.argmin(distances))][0]

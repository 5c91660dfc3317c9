"""Which task a clip shows, judged by its hand's motion alone: that of the nearest reference motions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def acting_track(keypoints: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Returns the joints of the hand that is present most, gaps bridged: (t, 21, 2); None without any hand.

    Before its first and after its last frame the hand stays where it was then. A left hand is mirrored about its own
    middle, frame by frame, so that left and right hands can be compared.

    Args:
        keypoints: (t, 2, 21, 2), normalised, NaN where absent.
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


def track_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Returns the root mean squared distance of two tracks (t, 21, 2) over frames and joints."""
    return float(np.sqrt(np.square(first - second).sum(-1).mean()))


def nearest_task(track: NDArray[np.floating], references: Sequence[NDArray[np.floating]], tasks: Sequence[str]) -> str:
    """Returns the task of the nearest reference.

    Args:
        track: (t, 21, 2).
        references: Tracks of the same shape.
        tasks: The task of each.
    """
    return tasks[int(np.argmin([track_distance(track, reference) for reference in references]))]

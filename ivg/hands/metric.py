"""Hand tracks with the shape of each hand in metres, as MediaPipe's landmark network estimates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import JOINTS, HandTracks
from .sides import Detection, assign_sides


@dataclass(frozen=True, eq=False)
class MetricHands:
    """Tracks, and the hands' shapes in metres.

    Attributes:
        tracks: The hands in the image, t frames.
        world_landmarks_m: float32 (t, 2, 21, 3), MediaPipe's world landmarks: joints in metres from the hand's own
            middle, in axes like those of the image (x right, y down, z away). Where the hand stands is not in them,
            and their size is that of an average hand. NaN where the hand is absent.

    Raises:
        InputError: If shape or dtype do not fit, or a present hand has joints that are not finite.
    """

    tracks: HandTracks
    world_landmarks_m: NDArray[np.float32]

    def __post_init__(self) -> None:
        points, shape = self.world_landmarks_m, (len(self.tracks), 2, JOINTS, 3)
        if points.shape != shape or points.dtype != np.float32:
            raise InputError(f"world_landmarks_m must be float32 {shape}, got {points.dtype} {points.shape}")
        if not np.isfinite(points[self.tracks.present]).all():
            raise InputError("world_landmarks_m of a present hand must be finite")

    def __len__(self) -> int:
        return len(self.tracks)


def metric_hands(clip: Sequence[Sequence[Detection]], aspect: float = 1.0) -> MetricHands:
    """Sort the detections of a clip into left and right tracks, world landmarks with them.

    Args:
        clip: The detections of each frame, all with world landmarks.
        aspect: Width over height of the frames.

    Raises:
        InputError: If a detection has no world landmarks.
    """
    tracks = assign_sides(clip, aspect)
    landmarks = np.full((len(clip), 2, JOINTS, 3), np.nan, np.float32)
    for frame, hand in np.argwhere(tracks.present):
        (found,) = [d for d in clip[frame] if np.array_equal(d.joints, tracks.keypoints[frame, hand])][:1]
        if found.world_m is None:
            raise InputError(f"a hand of frame {frame} has no world landmarks")
        landmarks[frame, hand] = found.world_m
    return MetricHands(tracks, landmarks)

"""Smoothing of tracks: One-Euro, which looks back only, and Savitzky-Golay, which looks both ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from ivg.errors import InputError
from ivg.types import HandTracks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OneEuro:
    """The One-Euro filter (Casiez, Roussel and Vogel, CHI 2012): strong when slow, quick when fast.

    Attributes:
        min_cutoff_hz: Cutoff at rest.
        beta: How much the cutoff rises with speed, Hz per (picture heights a second).
        speed_cutoff_hz: Cutoff of the speed itself.
    """

    min_cutoff_hz: float = 1.5
    beta: float = 10.0
    speed_cutoff_hz: float = 2.0

    def __post_init__(self) -> None:
        """Refuse cutoffs that are not positive."""
        if self.min_cutoff_hz <= 0 or self.speed_cutoff_hz <= 0 or self.beta < 0:
            raise InputError(f"cutoffs must be positive and beta not negative, got {self}")

    def __call__(self, values: Array, fps: float) -> Array:
        """Smooth values (t, ...) of a run without gaps."""
        smooth, speed = values.copy(), np.zeros_like(values[0])
        for t in range(1, len(values)):
            step = (values[t] - smooth[t - 1]) * fps
            speed = speed + _share(self.speed_cutoff_hz, fps) * (step - speed)
            cutoff = self.min_cutoff_hz + self.beta * np.abs(speed)
            smooth[t] = smooth[t - 1] + _share(cutoff, fps) * (values[t] - smooth[t - 1])
        return smooth


@dataclass(frozen=True)
class SavitzkyGolay:
    """A polynomial fitted to the frames around each frame (Savitzky and Golay, 1964).

    Attributes:
        window: Frames, odd. Runs that are shorter are left as they are.
        order: Of the polynomial, below `window`.
    """

    window: int = 5
    order: int = 2

    def __post_init__(self) -> None:
        """Refuse what fits no polynomial."""
        if self.window % 2 == 0 or not 0 <= self.order < self.window:
            raise InputError(f"window must be odd and order below it, got {self}")

    def __call__(self, values: Array, fps: float) -> Array:
        """Smooth values (t, ...) of a run without gaps; `fps` does not matter."""
        if len(values) < self.window:
            return values
        return np.asarray(savgol_filter(values, self.window, self.order, axis=0, mode="interp"))


def smooth_tracks(tracks: HandTracks, smoother: OneEuro | SavitzkyGolay, fps: float, aspect: float = 1.0) -> HandTracks:
    """Smooth the joints of each run of frames without a gap; presence and confidence stay.

    Args:
        tracks: Of t frames.
        smoother: How.
        fps: Frames a second.
        aspect: Width over height of the pictures.
    """
    keypoints = tracks.keypoints.copy()
    for hand in (0, 1):
        for run in runs(tracks.present[:, hand]):
            values = tracks.keypoints[run, hand].astype(np.float64) * (aspect, 1.0)
            keypoints[run, hand] = smoother(values, fps) / (aspect, 1.0)
    return replace(tracks, keypoints=keypoints)


def runs(present: NDArray[np.bool_]) -> list[slice]:
    """Return the stretches of true values, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _share(cutoff_hz: float | Array, fps: float) -> float | Array:
    """Return how far a low-pass filter of first order follows in one frame."""
    return 1.0 / (1.0 + fps / (2 * np.pi * cutoff_hz))

"""Cleans a detector's tracks: identities kept, short gaps filled, joints smoothed."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from ivg.errors import InputError, unknown_option
from ivg.types import HandTracks

from .identity import Array, keep_identity


@dataclass(frozen=True)
class OneEuro:
    """The One-Euro filter (Casiez, Roussel and Vogel, CHI 2012): strong when slow, quick when fast; causal."""

    min_cutoff_hz: float = 1.5  # at rest
    beta: float = 10.0  # how much the cutoff rises with speed, Hz per (image heights a second)
    speed_cutoff_hz: float = 2.0  # of the speed itself

    def __post_init__(self) -> None:
        if self.min_cutoff_hz <= 0 or self.speed_cutoff_hz <= 0 or self.beta < 0:
            raise InputError(f"cutoffs must be positive and beta not negative, got {self}")

    def __call__(self, values: Array, fps: float) -> Array:
        """Smooth values (t, ...) without gaps."""

        def gain(cutoff_hz: Any) -> Any:
            return 1.0 / (1.0 + fps / (2 * np.pi * cutoff_hz))

        smooth, speed = values.copy(), np.zeros_like(values[0])
        for t in range(1, len(values)):
            step = (values[t] - smooth[t - 1]) * fps
            speed = speed + gain(self.speed_cutoff_hz) * (step - speed)
            cutoff = self.min_cutoff_hz + self.beta * np.abs(speed)
            smooth[t] = smooth[t - 1] + gain(cutoff) * (values[t] - smooth[t - 1])
        return smooth


@dataclass(frozen=True)
class SavitzkyGolay:
    """A polynomial fitted to the frames around each frame (Savitzky and Golay, 1964)."""

    window: int = 5  # frames, odd; shorter runs are left as they are
    order: int = 2  # of the polynomial, below `window`

    def __post_init__(self) -> None:
        if self.window % 2 == 0 or not 0 <= self.order < self.window:
            raise InputError(f"window must be odd and order below it, got {self}")

    def __call__(self, values: Array, fps: float) -> Array:
        """Smooth values (t, ...) without gaps; `fps` does not matter."""
        if len(values) < self.window:
            return values
        return np.asarray(savgol_filter(values, self.window, self.order, axis=0, mode="interp"))


Smoother = OneEuro | SavitzkyGolay
SMOOTHERS: dict[str, Smoother | None] = {"none": None, "one-euro": OneEuro(), "savitzky-golay": SavitzkyGolay()}


@dataclass(frozen=True, eq=False)
class CleanTracks(HandTracks):
    """Cleaned tracks."""

    filled: NDArray[np.bool_]  # (t, 2), where the hand was not found but interpolated between two detections
    settings: dict[str, Any]  # how they were cleaned; JSON values


def clean_tracks(
    tracks: HandTracks, fps: float, aspect: float = 1.0, *, max_gap: int = 3, smoothing: str | Smoother = "none"
) -> CleanTracks:
    """Keep hands in their slots, fill gaps of at most `max_gap` frames, smooth; `aspect` is width over height.

    Smoothing is "none", "one-euro", "savitzky-golay", or one of these with parameters of your own. Leave it out before
    lifting: the network smooths in metres, and was trained on tracks that are not smoothed. An unknown smoothing or a
    negative gap is an `InputError`.
    """
    if isinstance(smoothing, str) and smoothing not in SMOOTHERS:
        raise unknown_option("smoothing", smoothing, SMOOTHERS)
    smoother = SMOOTHERS[smoothing] if isinstance(smoothing, str) else smoothing
    whole, filled = fill_gaps(keep_identity(tracks, aspect, max_gap), max_gap)
    if smoother is not None:
        whole = smooth_tracks(whole, smoother, fps, aspect)
    described = {"name": type(smoother).__name__, **asdict(smoother)} if smoother else None
    settings = {"max_gap": max_gap, "smoothing": described, "fps": fps}
    return CleanTracks(whole.keypoints, whole.present, whole.score, filled, settings)


def fill_gaps(tracks: HandTracks, max_gap: int = 3) -> tuple[HandTracks, NDArray[np.bool_]]:
    """Interpolate joints linearly over gaps of at most `max_gap` frames between two detections of a hand.

    Confidence is interpolated, too, and halved. Returns the tracks, and bool (t, 2): where a hand was put in. A
    negative `max_gap` is an `InputError`.
    """
    if max_gap < 0:
        raise InputError(f"max_gap must not be negative, got {max_gap}")
    keypoints, present, score = tracks.keypoints.copy(), tracks.present.copy(), tracks.score.copy()
    for hand in (0, 1):
        for before, after in itertools.pairwise(np.flatnonzero(tracks.present[:, hand])):
            gap = range(before + 1, after)
            for frame in gap if len(gap) <= max_gap else ():
                fraction = (frame - before) / (after - before)
                for values, factor in ((keypoints, 1.0), (score, 0.5)):
                    low, high = values[before, hand], values[after, hand]
                    values[frame, hand] = factor * (low + fraction * (high - low))
                present[frame, hand] = True
    return HandTracks(keypoints, present, score), present & ~tracks.present


def smooth_tracks(tracks: HandTracks, smoother: Smoother, fps: float, aspect: float = 1.0) -> HandTracks:
    """Smooth the joints of each run of frames without a gap; presence and confidence stay."""
    keypoints = tracks.keypoints.copy()
    for hand in (0, 1):
        seen = np.flatnonzero(tracks.present[:, hand])
        for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1) if len(seen) else []:
            values = tracks.keypoints[run, hand].astype(np.float64) * (aspect, 1.0)
            keypoints[run, hand] = smoother(values, fps) / (aspect, 1.0)
    return replace(tracks, keypoints=keypoints)

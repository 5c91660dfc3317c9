"""From a detector's tracks to ones that can be followed: identity, gaps, smoothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import unknown_option
from ivg.types import HandTracks

from .gaps import fill_gaps
from .identity import keep_identity
from .smoothing import OneEuro, SavitzkyGolay, smooth_tracks

SMOOTHERS: dict[str, OneEuro | SavitzkyGolay | None] = {
    "none": None,
    "one-euro": OneEuro(),
    "savitzky-golay": SavitzkyGolay(),
}
"""Smoothing by name, with default parameters."""


@dataclass(frozen=True, eq=False)
class CleanTracks(HandTracks):
    """Tracks, and what was done to them.

    Attributes:
        filled: bool (t, 2), where the hand was not found but put in between two detections.
        settings: What it was done with; holds only what JSON can.
    """

    filled: NDArray[np.bool_]
    settings: dict[str, Any]


def clean_tracks(
    tracks: HandTracks,
    fps: float,
    aspect: float = 1.0,
    *,
    max_gap: int = 3,
    smoothing: str | OneEuro | SavitzkyGolay = "none",
) -> CleanTracks:
    """Keep hands in their slots, fill short gaps, smooth.

    Args:
        tracks: As a detector gives them.
        fps: Frames a second.
        aspect: Width over height of the pictures.
        max_gap: Longest gap that is filled, frames. Longer ones stay absent.
        smoothing: "none", "one-euro", "savitzky-golay" or one of these with parameters of your own. Leave it out
            before lifting: the network smooths in metres, and has learned from tracks as they are found.

    Raises:
        InputError: For an unknown smoothing, or a negative gap.
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

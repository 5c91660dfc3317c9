"""Hand tracks that can be followed: identities kept, short gaps filled, smoothed."""

from .cleaning import SMOOTHERS, CleanTracks, clean_tracks
from .gaps import fill_gaps
from .identity import keep_identity
from .smoothing import OneEuro, SavitzkyGolay, smooth_tracks

__all__ = [
    "SMOOTHERS",
    "CleanTracks",
    "OneEuro",
    "SavitzkyGolay",
    "clean_tracks",
    "fill_gaps",
    "keep_identity",
    "smooth_tracks",
]

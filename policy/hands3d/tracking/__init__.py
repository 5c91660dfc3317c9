"""Cleaning of hand tracks: identities kept, short gaps filled, joints smoothed."""

from .cleaning import SMOOTHERS, CleanTracks, OneEuro, SavitzkyGolay, clean_tracks, fill_gaps, smooth_tracks
from .identity import keep_identity

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

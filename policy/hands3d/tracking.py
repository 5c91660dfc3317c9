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

Array = NDArray[np.float64]

_MARGIN = 0.3  # the other assignment has to be nearer by so many hand lengths to be taken
_FARTHEST = 1.5  # cost, in hand lengths, of a hand in a slot in which none was expected, and of any farther motion


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
    """Interpolate joints linearly over gaps of at most `max_gap` frames between detections, and halve the confidence.

    Returns the tracks, and bool (t, 2): where a hand was put in. A negative `max_gap` is an `InputError`.
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


@dataclass(frozen=True, eq=False)
class _Seen:
    """The last detection of a hand: frame, joints (21, 2), velocity a frame (2,)."""

    frame: int
    joints: Array
    velocity: Array

    def cost(self, frame: int, joints: Array, *, alone: bool) -> float:
        """Return the distance of joints from the predicted ones: over a gap a hand slows down, or alone even stops."""
        moving = _distance(self.joints + self.velocity * min(frame - self.frame, 2), joints)
        return min(moving, _distance(self.joints, joints) if alone else moving, _FARTHEST)

    def after(self, frame: int, joints: Array) -> _Seen:
        step = (joints - self.joints).mean(0) / (frame - self.frame)
        return _Seen(frame, joints, 0.5 * (step + self.velocity) if self.velocity.any() else step)


def keep_identity(tracks: HandTracks, aspect: float = 1.0, max_gap: int = 3) -> HandTracks:
    """Exchange the slots of hands that cross, or whose side is detected anew after a gap.

    Between moments at which no hand has been seen for more than `max_gap` frames, each hand is followed by its position
    and velocity. Each stretch then takes the sides that change the fewest detections, weighted by confidence. `aspect`
    is width over height of the frames.
    """
    points = tracks.keypoints.astype(np.float64) * (aspect, 1.0)
    swapped = np.zeros(len(tracks), np.bool_)
    stretch: list[int] = []
    slots: list[_Seen | None] = [None, None]
    for frame in range(len(tracks)):
        slots = [seen if seen and frame - seen.frame <= max_gap + 1 else None for seen in slots]
        if slots == [None, None]:
            _settle(stretch, swapped, tracks)
            stretch = []
        swapped[frame] = _is_swapped(frame, points[frame], tracks.present[frame], slots, bool(swapped[frame - 1]))
        stretch.append(frame)
        for slot, seen in enumerate(slots):
            source = 1 - slot if swapped[frame] else slot
            if tracks.present[frame, source]:
                joints = points[frame, source]
                slots[slot] = seen.after(frame, joints) if seen else _Seen(frame, joints, np.zeros(2))
    _settle(stretch, swapped, tracks)
    index = np.arange(len(tracks))[:, None], np.where(swapped[:, None], [1, 0], [0, 1])
    return replace(tracks, keypoints=tracks.keypoints[index], present=tracks.present[index], score=tracks.score[index])


def _is_swapped(frame: int, points: Array, present: NDArray[np.bool_], slots: list[_Seen | None], before: bool) -> bool:
    """Decide by which assignment hands move on; in doubt as before, or as they are if there is nothing to follow."""
    if not present.any():
        return before
    if slots == [None, None]:
        return False
    costs, keep = [0.0, 0.0], int(before)
    for swap, (slot, seen) in itertools.product((0, 1), enumerate(slots)):
        source = 1 - slot if swap else slot
        if present[source]:
            costs[swap] += _FARTHEST if seen is None else seen.cost(frame, points[source], alone=None in slots)
    return bool(1 - keep if costs[1 - keep] < costs[keep] - _MARGIN else keep)


def _distance(a: Array, b: Array) -> float:
    """Mean distance of joints, in units of the larger hand's box diagonal."""
    length = max(float(np.linalg.norm(np.ptp(joints, axis=0))) for joints in (a, b))
    return float(np.linalg.norm(a - b, axis=-1).mean()) / max(length, 1e-6)


def _settle(stretch: list[int], swapped: NDArray[np.bool_], tracks: HandTracks) -> None:
    """Give both identities of a stretch the sides of most of their detections."""
    weight = tracks.score[stretch].sum(1)
    if stretch and weight[swapped[stretch]].sum() > weight[~swapped[stretch]].sum():
        swapped[stretch] = ~swapped[stretch]

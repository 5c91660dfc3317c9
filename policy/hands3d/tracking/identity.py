"""One hand, one slot: identities kept where two hands cross, or where a hand's side is named anew.

`ivg.hands.sides` links each detection to the nearest of the frame before, and lets each link vote on its side. Where
two hands cross, the nearest is the wrong one; where a hand is lost for a moment, its second half may vote otherwise.
Here hands are followed by where they were heading, and the slots of the clip, not of the halves, decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ivg.types import HandTracks

_MARGIN = 0.3
"""The other assignment has to be nearer by this much, in hand lengths, to be taken."""

_FARTHEST = 1.5
"""Cost, in hand lengths, of a hand that appears in a slot in which none was expected, and of any farther motion."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """Where a hand was last: frame, joints (21, 2), velocity a frame (2,)."""

    frame: int
    joints: NDArray[np.float64]
    velocity: NDArray[np.float64]

    def cost(self, frame: int, joints: NDArray[np.float64], *, alone: bool) -> float:
        """Return how far joints are from where it would be if it went on; over a gap it slows down.

        A hand that is alone may as well have stopped. Of two, their heading is what tells them apart.
        """
        going = _distance(self.joints + self.velocity * min(frame - self.frame, 2), joints)
        nearest = min(going, _distance(self.joints, joints)) if alone else going
        return min(nearest, _FARTHEST)


def keep_identity(tracks: HandTracks, aspect: float = 1.0, max_gap: int = 3) -> HandTracks:
    """Exchange the slots of hands in the frames where that makes their motion go on.

    Between moments at which no hand has been seen for more than `max_gap` frames, each hand is followed by its place
    and velocity. Each stretch then takes the naming that changes the fewest detections, weighted by confidence.

    Args:
        tracks: Of t frames.
        aspect: Width over height of the pictures.
        max_gap: Frames that a hand may be absent for and still be expected to go on.

    Returns:
        Tracks with the same detections, some of them in the other slot.
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
        for slot in (0, 1):
            source = 1 - slot if swapped[frame] else slot
            if tracks.present[frame, source]:
                slots[slot] = _advanced(slots[slot], frame, points[frame, source])
    _settle(stretch, swapped, tracks)
    return _exchanged(tracks, swapped)


def _is_swapped(
    frame: int,
    points: NDArray[np.float64],
    present: NDArray[np.bool_],
    slots: list[_Seen | None],
    before: bool,
) -> bool:
    """Decide by which assignment hands go on; in doubt (or with nothing to go by) as it is or was."""
    if not present.any():
        return before
    if slots == [None, None]:
        return False
    costs = [0.0, 0.0]
    for swap in (0, 1):
        for slot, seen in enumerate(slots):
            source = 1 - slot if swap else slot
            if present[source]:
                costs[swap] += _FARTHEST if seen is None else seen.cost(frame, points[source], alone=None in slots)
    keep = int(before)
    return bool(1 - keep if costs[1 - keep] < costs[keep] - _MARGIN else keep)


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mean distance of joints, in units of the larger hand's box diagonal."""
    length = max(float(np.linalg.norm(np.ptp(joints, axis=0))) for joints in (a, b))
    return float(np.linalg.norm(a - b, axis=-1).mean()) / max(length, 1e-6)


def _advanced(seen: _Seen | None, frame: int, joints: NDArray[np.float64]) -> _Seen:
    if seen is None:
        return _Seen(frame, joints, np.zeros(2))
    step = (joints - seen.joints).mean(0) / (frame - seen.frame)
    return _Seen(frame, joints, 0.5 * (step + seen.velocity) if seen.velocity.any() else step)


def _settle(stretch: list[int], swapped: NDArray[np.bool_], tracks: HandTracks) -> None:
    """Name both identities of a stretch as most of their detections were named."""
    if not stretch:
        return
    weight = tracks.score[stretch].sum(1)
    if weight[swapped[stretch]].sum() > weight[~swapped[stretch]].sum():
        swapped[stretch] = ~swapped[stretch]


def _exchanged(tracks: HandTracks, swapped: NDArray[np.bool_]) -> HandTracks:
    order = np.where(swapped[:, None], [1, 0], [0, 1])
    frames = np.arange(len(tracks))[:, None]
    return replace(
        tracks,
        keypoints=tracks.keypoints[frames, order],
        present=tracks.present[frames, order],
        score=tracks.score[frames, order],
    )

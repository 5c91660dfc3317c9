"""Keeps the identities of hands that cross, or whose side is detected anew after a gap.

`ivg.hands.sides` links each detection to the nearest of the frame before, and lets each link vote on its side. Here
hands are followed by their velocity, and the whole clip decides on the sides.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ivg.types import HandTracks

Array = NDArray[np.float64]

_MARGIN = 0.3  # the other assignment has to be nearer by so many hand lengths to be taken
_FARTHEST = 1.5  # cost, in hand lengths, of a hand in a slot in which none was expected, and of any farther motion


@dataclass(frozen=True, eq=False)
class _Seen:
    """The last detection of a hand: frame, joints (21, 2), velocity a frame (2,)."""

    frame: int
    joints: Array
    velocity: Array

    def cost(self, frame: int, joints: Array, *, alone: bool) -> float:
        """Return the distance of joints from the predicted ones: over a gap a hand slows down, or alone even stops."""
        moving = _distance(self.joints + self.velocity * min(frame - self.frame, 2), joints)
        nearest = min(moving, _distance(self.joints, joints)) if alone else moving
        return min(nearest, _FARTHEST)

    def after(self, frame: int, joints: Array) -> _Seen:
        step = (joints - self.joints).mean(0) / (frame - self.frame)
        return _Seen(frame, joints, 0.5 * (step + self.velocity) if self.velocity.any() else step)


def keep_identity(tracks: HandTracks, aspect: float = 1.0, max_gap: int = 3) -> HandTracks:
    """Exchange the slots of hands in the frames where that makes their motion continuous.

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
    costs = [0.0, 0.0]
    for swap, (slot, seen) in itertools.product((0, 1), enumerate(slots)):
        source = 1 - slot if swap else slot
        if present[source]:
            costs[swap] += _FARTHEST if seen is None else seen.cost(frame, points[source], alone=None in slots)
    keep = int(before)
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

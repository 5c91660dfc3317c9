"""When the hand touches: from the gripper's path, and from where the object lies if that is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from .gripper import GripperTrajectory

REOPENED = 0.1
"""A hand lets go when it has opened by this much again, in openings."""

PAUSE = 0.2
"""A hand that does not close has arrived when its speed has fallen to this share of its fastest approach."""

APPROACH_M = 0.05
"""A hand that has come less far than this has not approached anything."""

TURNED_BACK_M = 0.02
"""A hand that pushes lets go when it has come back by this much along the way it came."""

PASSING_M = 0.005
"""A hand that still comes nearer by more than this in a frame has not arrived."""


def contact_frames(
    path: GripperTrajectory,
    object_pos_world_m: NDArray[np.floating] | None = None,
    *,
    reach_m: float = 0.06,
    closing: float = 0.15,
    pushing: bool = True,
) -> NDArray[np.bool_]:
    """Tell in which frames the hand holds or touches something.

    Where a resting object's place (3,) is known, contact begins at the nearest approach of the first visit within
    `reach_m`, and lasts until the hand opens again (the object may go with it). Where the object's place is known in
    each frame (t, 3), the hand touches while it is within `reach_m` of it.

    Where no place is known, contact begins when the hand has closed: when its opening has fallen by at least `closing`
    from the widest so far and lies nearer to the narrowest of the clip than to the widest. It lasts until the hand
    opens again. A hand that pushes does not close: it touches from its first pause after the approach until it opens
    or turns back. How right this is, `ivg-policy evaluate-lifter` tells.

    Args:
        path: Of t frames.
        object_pos_world_m: Float (3,) or (t, 3), where the hand is to touch; None if unknown.
        reach_m: How near is touching, m. Hands that push with their finger tips have the pinch point 3 to 5 cm away.
        closing: How much closing counts, in openings.
        pushing: Whether a hand that never closes may touch, too; only used where no place is known.

    Returns:
        bool (t,); false where the hand is absent.

    Raises:
        InputError: If the place has another shape, or `reach_m` or `closing` is not positive.
    """
    if reach_m <= 0 or closing <= 0:
        raise InputError(f"reach_m and closing must be positive, got {reach_m} and {closing}")
    if object_pos_world_m is not None:
        place = np.asarray(object_pos_world_m, np.float64)
        if place.shape not in ((3,), (len(path), 3)):
            raise InputError(f"object_pos_world_m must have shape (3,) or {(len(path), 3)}, got {place.shape}")
        distance = np.linalg.norm(path.poses[:, :3] - place, axis=-1)
        if place.ndim == 2:
            return np.asarray((distance <= reach_m) & path.present)
        return _until_opened(path, _arrival(distance, reach_m))
    closed = _first_closed(path, closing)
    if closed is not None or not pushing:
        return _until_opened(path, closed)
    paused = _first_pause(path)
    return _until_opened(path, paused) & ~_turned_back(path, paused)


def _first_closed(path: GripperTrajectory, closing: float) -> int | None:
    """Return the first frame in which the hand is closed."""
    opening = np.where(path.present, path.poses[:, 7], 0.0)
    widest = np.maximum.accumulate(opening)
    narrowest = path.poses[path.present, 7].min()
    closed = (widest - opening >= closing) & (opening - narrowest <= widest - opening) & path.present
    return int(closed.argmax()) if closed.any() else None


def _first_pause(path: GripperTrajectory) -> int | None:
    """Return the first slow frame after the fastest of the first half of the clip."""
    frames = np.flatnonzero(path.present)
    if len(frames) < 4:
        return None
    speeds = np.linalg.norm(np.diff(path.poses[frames, :3], axis=0), axis=-1) / np.diff(frames)
    fastest = int(speeds[: len(speeds) // 2 + 1].argmax())
    slow = np.flatnonzero(speeds[fastest:] <= PAUSE * speeds[fastest])
    if not len(slow):
        return None
    pause = int(frames[fastest + slow[0]])
    come = float(np.linalg.norm(path.poses[pause, :3] - path.poses[frames[0], :3]))
    return pause if come >= APPROACH_M else None


def _arrival(distance: NDArray[np.float32], reach_m: float) -> int | None:
    """Return the frame of the nearest approach of the first visit; distances (t,) are NaN without a hand."""
    distance = np.where(np.isfinite(distance), distance, np.inf)
    if not (distance <= reach_m).any():
        return None
    frame = int((distance <= reach_m).argmax())
    while frame + 1 < len(distance) and distance[frame + 1] < distance[frame] - PASSING_M:
        frame += 1
    return frame


def _until_opened(path: GripperTrajectory, start: int | None) -> NDArray[np.bool_]:
    """Return the frames from `start` on with a hand that has not opened again; none if there is no start."""
    held = np.zeros(len(path), np.bool_)
    if start is None:
        return held
    opening = np.where(path.present, path.poses[:, 7], np.inf)[start:]
    narrowest = np.minimum.accumulate(opening)
    opened = path.present[start:] & (opening - narrowest > REOPENED)
    held[start:] = ~np.logical_or.accumulate(opened)
    return held & path.present


def _turned_back(path: GripperTrajectory, start: int | None) -> NDArray[np.bool_]:
    """Return the frames after a hand that came along a way and touched at `start` has gone back along it."""
    back = np.zeros(len(path), np.bool_)
    before = np.flatnonzero(path.present[:start])
    if start is None or not len(before):
        return back
    places = path.poses[:, :3].astype(np.float64)
    way = places[start] - places[before[-2 if len(before) > 1 else -1]]
    along = (places[start:] - places[start]) @ (way / max(float(np.linalg.norm(way)), 1e-9))
    along = np.where(path.present[start:], along, -np.inf)
    farthest = np.maximum.accumulate(along)
    gone = path.present[start:] & (farthest - along > TURNED_BACK_M)
    back[start:] = np.logical_or.accumulate(gone)
    return back

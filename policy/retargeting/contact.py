"""Frames of contact: from the gripper's trajectory, and from where the object lies if that is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from .gripper import GripperTrajectory

REOPENED = 0.1  # a hand lets go when it has opened by this much again, in openings
PAUSE = 0.2  # a hand that does not close has arrived when it slows to this fraction of its fastest approach
APPROACH_M = 0.05  # a hand that has moved less far has not approached anything
TURNED_BACK_M = 0.02  # a hand that pushes lets go when it has moved back by this much
PASSING_M = 0.005  # a hand that still comes nearer by more than this in a frame has not arrived


def contact_frames(
    trajectory: GripperTrajectory,
    object_pos_world_m: NDArray[np.floating] | None = None,
    *,
    reach_m: float = 0.06,
    closing: float = 0.15,
    pushing: bool = True,
) -> NDArray[np.bool_]:
    """Return the frames in which the hand holds or touches something.

    With the position (3,) of a resting object, contact begins at the nearest approach of the first visit within
    `reach_m`, and lasts until the hand opens again (the object may move with it). With a position for each frame
    (t, 3), contact is wherever the hand is within `reach_m` of it.

    Without a position, contact begins when the hand has closed: when its opening has fallen by at least `closing` from
    the widest so far and lies nearer to the narrowest of the clip than to the widest. It lasts until the hand opens
    again. A hand that pushes does not close: contact lasts from its first pause after the approach until it opens or
    turns back. `ivg-policy evaluate-lifter` measures how accurate this is.

    A pushing hand's pinch point is 3 to 5 cm away from what it touches. Without `pushing` and a position, a hand that
    never closes is not in contact. The result is bool (t,), false where the hand is absent.

    Raises:
        InputError: If the position has another shape, or `reach_m` or `closing` is not positive.
    """
    if reach_m <= 0 or closing <= 0:
        raise InputError(f"reach_m and closing must be positive, got {reach_m} and {closing}")
    if object_pos_world_m is not None:
        position = np.asarray(object_pos_world_m, np.float64)
        if position.shape not in ((3,), (len(trajectory), 3)):
            raise InputError(f"object_pos_world_m must have shape (3,) or {(len(trajectory), 3)}, got {position.shape}")
        distance = np.linalg.norm(trajectory.poses[:, :3] - position, axis=-1)
        if position.ndim == 2:
            return np.asarray((distance <= reach_m) & trajectory.present)
        return _until_opened(trajectory, _arrival(distance, reach_m))
    opening = np.where(trajectory.present, trajectory.poses[:, 7], 0.0)
    widest, narrowest = np.maximum.accumulate(opening), trajectory.poses[trajectory.present, 7].min()
    closed = (widest - opening >= closing) & (opening - narrowest <= widest - opening) & trajectory.present
    if closed.any() or not pushing:
        return _until_opened(trajectory, int(closed.argmax()) if closed.any() else None)
    paused = _first_pause(trajectory)
    return _until_opened(trajectory, paused) & ~_turned_back(trajectory, paused)


def _first_pause(trajectory: GripperTrajectory) -> int | None:
    """Return the first slow frame after the fastest of the first half of the clip."""
    frames = np.flatnonzero(trajectory.present)
    if len(frames) < 4:
        return None
    positions = trajectory.poses[:, :3]
    speeds = np.linalg.norm(np.diff(positions[frames], axis=0), axis=-1) / np.diff(frames)
    fastest = int(speeds[: len(speeds) // 2 + 1].argmax())
    slow = np.flatnonzero(speeds[fastest:] <= PAUSE * speeds[fastest])
    if not len(slow):
        return None
    pause = int(frames[fastest + slow[0]])
    return pause if float(np.linalg.norm(positions[pause] - positions[frames[0]])) >= APPROACH_M else None


def _arrival(distance: NDArray[np.float32], reach_m: float) -> int | None:
    """Return the frame of the nearest approach of the first visit; distances (t,) are NaN without a hand."""
    distance = np.where(np.isfinite(distance), distance, np.inf)
    if not (distance <= reach_m).any():
        return None
    frame = int((distance <= reach_m).argmax())
    while frame + 1 < len(distance) and distance[frame + 1] < distance[frame] - PASSING_M:
        frame += 1
    return frame


def _until_opened(trajectory: GripperTrajectory, start: int | None) -> NDArray[np.bool_]:
    """Return the frames from `start` on with a hand that has not opened again; none if there is no start."""
    held = np.zeros(len(trajectory), np.bool_)
    if start is not None:
        opening = np.where(trajectory.present, trajectory.poses[:, 7], np.inf)[start:]
        opened = trajectory.present[start:] & (opening - np.minimum.accumulate(opening) > REOPENED)
        held[start:] = ~np.logical_or.accumulate(opened)
    return held & trajectory.present


def _turned_back(trajectory: GripperTrajectory, start: int | None) -> NDArray[np.bool_]:
    """Return the frames after a hand in contact since `start` has moved back against its direction of approach."""
    back = np.zeros(len(trajectory), np.bool_)
    before = np.flatnonzero(trajectory.present[:start])
    if start is None or not len(before):
        return back
    positions = trajectory.poses[:, :3].astype(np.float64)
    approach = positions[start] - positions[before[-2 if len(before) > 1 else -1]]
    along = (positions[start:] - positions[start]) @ (approach / max(float(np.linalg.norm(approach)), 1e-9))
    along = np.where(trajectory.present[start:], along, -np.inf)
    gone = trajectory.present[start:] & (np.maximum.accumulate(along) - along > TURNED_BACK_M)
    back[start:] = np.logical_or.accumulate(gone)
    return back

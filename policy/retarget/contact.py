"""When the hand touches: from the gripper's path, and from where the object lies if that is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from .gripper import GripperPath


def contact_frames(
    path: GripperPath,
    object_pos_world_m: NDArray[np.floating] | None = None,
    *,
    reach_m: float = 0.04,
    closing: float = 0.15,
) -> NDArray[np.bool_]:
    """Tell in which frames the hand holds or touches something.

    Where the object's place is known, the hand touches while the pinch point is within `reach_m` of it. Otherwise it
    touches while it is closed: its opening has fallen by at least `closing` from the widest so far, and lies nearer to
    the narrowest of the clip than to the widest. A hand that pushes with straight fingers does not close; there only
    the object's place helps.

    Args:
        path: Of t frames.
        object_pos_world_m: Float (3,) or (t, 3), where the hand is to touch; None if unknown.
        reach_m: How near is touching, m.
        closing: How much closing counts, in openings.

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
        near = np.linalg.norm(path.poses[:, :3] - place, axis=-1) <= reach_m
        return np.asarray(near & path.present)
    opening = np.where(path.present, path.poses[:, 7], 0.0)
    widest = np.maximum.accumulate(opening)
    narrowest = path.poses[path.present, 7].min()
    closed = (widest - opening >= closing) & (opening - narrowest <= widest - opening)
    return np.asarray(closed & path.present)

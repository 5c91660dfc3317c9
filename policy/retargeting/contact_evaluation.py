"""How right `contact_frames` is, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .contact import contact_frames
from .gripper import GripperTrajectory


def evaluate_contact(
    paths: Sequence[GripperTrajectory | None],
    contact: NDArray[np.bool_],
    grasp_point_world_m: NDArray[np.floating] | None = None,
) -> dict[str, dict[str, float]]:
    """Compare `contact_frames` with the truth, with and without the object's place.

    Args:
        paths: n of them, t frames; None for clips without a hand.
        contact: bool (n, t), the truth.
        grasp_point_world_m: Float (n, 3), where the hand touches first, m; NaN where unknown.

    Returns:
        "opening" (no place known) and, where places are, "place": "precision" and "recall" over the frames with a
        hand, "first_error" (mean distance of the first frame of contact from the true one, frames), "first_within_1"
        (share of clips in which it is off by no more than one) and "none" (share of clips in which none is found
        though there is one).
    """
    figures = {"opening": _figures([None if path is None else contact_frames(path) for path in paths], paths, contact)}
    if grasp_point_world_m is None or not np.isfinite(grasp_point_world_m).all(1).any():
        return figures
    placed = [
        contact_frames(path, place) if path is not None and np.isfinite(place).all() else None
        for path, place in zip(paths, grasp_point_world_m, strict=True)
    ]
    return {**figures, "place": _figures(placed, paths, contact)}


def _figures(
    told: Sequence[NDArray[np.bool_] | None], paths: Sequence[GripperTrajectory | None], contact: NDArray[np.bool_]
) -> dict[str, float]:
    right = wrong = missed = clips = 0
    offsets = []
    for mine, path, truth in zip(told, paths, contact, strict=True):
        if mine is None or path is None:
            continue
        seen = path.present
        right += int((mine & truth & seen).sum())
        wrong += int((mine & ~truth & seen).sum())
        missed += int((~mine & truth & seen).sum())
        if truth.any():
            clips += 1
            if mine.any():
                offsets.append(abs(int(mine.argmax()) - int(truth.argmax())))
    distance = np.array(offsets, float)
    return {
        "precision": right / (right + wrong) if right + wrong else float("nan"),
        "recall": right / (right + missed) if right + missed else float("nan"),
        "first_error": float(distance.mean()) if len(distance) else float("nan"),
        "first_within_1": float((distance <= 1).sum() / clips) if clips else float("nan"),
        "none": 1 - len(distance) / clips if clips else float("nan"),
    }

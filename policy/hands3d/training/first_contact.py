"""Evaluation of contact: where and when a lifted hand first touches, and the accuracy of `contact_frames`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.types import Camera

from ...retargeting import GripperTrajectory, contact_frames

Array = NDArray[np.float64]

# Contact points of a hand, as the middle of joints: thumb and index finger, three finger tips, three finger pads.
TOUCHING = {"pinch": (4, 8), "tips": (8, 12, 16), "pads": (7, 11, 15)}


@dataclass(frozen=True)
class FirstContact:
    """Distances at the first contact of a clip's hand; hands that push touch with their fingers."""

    frame: int
    frames_late: int  # how much later than the true first contact
    pinch_to_grasp_mm: float  # from the pinch point to the true grasp point
    touch_to_grasp_mm: float  # from the hand's contact point to the grasp point
    touch_from_above_mm: float  # the same without its vertical part
    touch_to_object_mm: float  # from the contact point to the nearest visible point of the object in the context
    touch_in_time_mm: float  # as `touch_to_grasp_mm`, in the frame of the true first contact; NaN if absent there
    nearest_mm: float  # the least such distance over the whole clip


@dataclass(frozen=True, eq=False)
class TrueContact:
    """The true first contact."""

    grasp_point_world_m: Array  # (3,), where the hand should touch
    frame: int
    touching: str  # a key of `TOUCHING`
    object_world_m: Array  # (k, 3), visible points of the object in the context; may be empty

    @classmethod
    def of(
        cls,
        joints_world_m: NDArray[np.floating],
        contact: NDArray[np.bool_],
        grasp_point_world_m: NDArray[np.floating],
        object_world_m: NDArray[np.floating],
    ) -> TrueContact:
        """Take the truth of an acting hand (t, 21, 3), its contact (t,), its grasp point (3,) and object (k, 3)."""
        frame, grasp = int(contact.argmax()), np.asarray(grasp_point_world_m, np.float64)
        points = {name: joints_world_m[frame, list(joints)].mean(0) for name, joints in TOUCHING.items()}
        touching = min(points, key=lambda name: float(np.linalg.norm(points[name] - grasp)))
        return cls(grasp, frame, touching, np.asarray(object_world_m, np.float64))

    def at(self, joints_world_m: NDArray[np.floating], frame: int) -> FirstContact:
        """Measure a hand (t, 21, 3) whose first contact is in a frame."""
        pinch = joints_world_m[frame, list(TOUCHING["pinch"])].mean(0)
        touches = joints_world_m[:, list(TOUCHING[self.touching])].mean(1)
        off = touches - self.grasp_point_world_m
        distances = np.linalg.norm(off, axis=-1)
        to_object = np.linalg.norm(self.object_world_m - touches[frame], axis=-1)
        return FirstContact(
            frame=frame,
            frames_late=frame - self.frame,
            pinch_to_grasp_mm=1000 * float(np.linalg.norm(pinch - self.grasp_point_world_m)),
            touch_to_grasp_mm=1000 * float(distances[frame]),
            touch_from_above_mm=1000 * float(np.linalg.norm(off[frame, :2])),
            touch_to_object_mm=1000 * float(to_object.min()) if len(to_object) else float("nan"),
            touch_in_time_mm=1000 * float(distances[self.frame]),
            nearest_mm=1000 * float(np.nanmin(distances)),
        )

    def of_trajectory(self, joints_world_m: NDArray[np.floating], trajectory: GripperTrajectory) -> FirstContact | None:
        """Measure a hand (t, 21, 3) at the first frame of `contact_frames`; None if there is none."""
        contact = contact_frames(trajectory)
        return self.at(joints_world_m, int(contact.argmax())) if contact.any() else None


def visible_points(depth_m: NDArray[np.floating], mask: NDArray[np.bool_], camera: Camera) -> Array:
    """Return the visible points float64 (k, 3), world, m, of an object's mask (h, w) in a depth image (h, w)."""
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], -1)
    points = (pixels @ np.linalg.inv(camera.K).T) * np.asarray(depth_m, np.float64)[rows, columns][:, None]
    return np.asarray(points @ camera.T_world_camera[:3, :3].T + camera.T_world_camera[:3, 3])


def quantiles(values: NDArray[np.floating]) -> dict[str, float]:
    """Return "median" and 90 % quantile ("p90") of values; NaN of none."""
    median, p90 = np.quantile(values, [0.5, 0.9]) if len(values) else (np.nan, np.nan)
    return {"median": float(median), "p90": float(p90)}


def summarise_contacts(contacts: Sequence[FirstContact | None]) -> dict[str, Any]:
    """Return "n" (clips), "none" (without a contact), and `quantiles` of every distance."""
    known = [asdict(contact) for contact in contacts if contact is not None]
    figures: dict[str, Any] = {"n": len(contacts), "none": len(contacts) - len(known)}
    for name in FirstContact.__dataclass_fields__:
        values = np.array([row[name] for row in known], np.float64)
        figures[name] = quantiles(np.abs(values[np.isfinite(values)]))
    return figures


def evaluate_contact(
    trajectories: Sequence[GripperTrajectory | None],
    contact: NDArray[np.bool_],
    grasp_point_world_m: NDArray[np.floating] | None = None,
) -> dict[str, dict[str, float]]:
    """Compare `contact_frames` of n trajectories (None without a hand) with the truth, bool (n, t).

    Returns:
        "opening" (no position known) and, where grasp points (n, 3) are finite, "place": "precision" and "recall" over
        the frames with a hand, "first_error" (mean distance of the first frame of contact from the true one, frames),
        "first_within_1" (fraction of clips in which it is off by no more than one) and "none" (in which none is found).
    """

    def accuracy(positions: Iterable[NDArray[np.floating] | None]) -> dict[str, float]:
        clips = [
            (contact_frames(one, position), one.present, truth)
            for one, position, truth in zip(trajectories, positions, contact, strict=True)
            if one is not None and (position is None or np.isfinite(position).all())
        ]
        return _accuracy(np.reshape(clips, (-1, 3, contact.shape[1])).astype(bool))

    figures = {"opening": accuracy([None] * len(trajectories))}
    if grasp_point_world_m is not None and np.isfinite(grasp_point_world_m).all(1).any():
        figures["place"] = accuracy(grasp_point_world_m)
    return figures


def _accuracy(clips: NDArray[np.bool_]) -> dict[str, float]:
    """Compare found contact, presence and true contact (n, 3, t)."""
    mine, seen, truth = np.moveaxis(clips, 1, 0)
    touched = truth.any(1)
    right, claimed, there = (int(part.sum()) for part in (mine & truth & seen, mine & seen, truth & seen))
    distance = np.abs(mine.argmax(1) - truth.argmax(1))[touched & mine.any(1)].astype(float)
    return {
        "precision": right / claimed if claimed else float("nan"),
        "recall": right / there if there else float("nan"),
        "first_error": float(distance.mean()) if len(distance) else float("nan"),
        "first_within_1": float((distance <= 1).sum() / touched.sum()) if touched.any() else float("nan"),
        "none": 1 - len(distance) / int(touched.sum()) if touched.any() else float("nan"),
    }

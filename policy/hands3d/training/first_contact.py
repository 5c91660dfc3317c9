"""Where a lifted hand first touches, against where it should: what a robot's grasp depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.types import Camera

from ...retargeting import GripperTrajectory, contact_frames

Array = NDArray[np.float64]

TOUCHING = {"pinch": (4, 8), "tips": (8, 12, 16), "pads": (7, 11, 15)}
"""What a hand touches with, as the middle of joints: thumb and index finger, three finger tips, three finger pads."""


@dataclass(frozen=True)
class FirstContact:
    """Distances at the first contact of a clip's hand, mm.

    Attributes:
        frame: Which frame that is.
        frames_late: How much later than the true first contact.
        pinch_to_grasp_mm: From the pinch point to where the object should be touched.
        touch_to_grasp_mm: The same from what the hand touches with; hands that push do so with their fingers.
        touch_from_above_mm: The same without its vertical part.
        touch_to_object_mm: From there to the nearest point of the object that the context shows.
        touch_in_time_mm: The distance from there to where the object should be touched, but in the frame of the true
            first contact; NaN if the hand is absent there. What is small here and large above is at the wrong time.
        nearest_mm: The least distance from there to where the object should be touched, over the whole clip.
    """

    frame: int
    frames_late: int
    pinch_to_grasp_mm: float
    touch_to_grasp_mm: float
    touch_from_above_mm: float
    touch_to_object_mm: float
    touch_in_time_mm: float
    nearest_mm: float


@dataclass(frozen=True, eq=False)
class TrueContact:
    """The truth that a first contact is compared with.

    Attributes:
        grasp_point_world_m: float64 (3,), where the hand should touch.
        frame: When it does.
        touching: A key of `TOUCHING`.
        object_world_m: float64 (k, 3), points of the object that the context shows; may be empty.
    """

    grasp_point_world_m: Array
    frame: int
    touching: str
    object_world_m: Array

    @classmethod
    def of(
        cls,
        joints_world_m: NDArray[np.floating],
        contact: NDArray[np.bool_],
        grasp_point_world_m: NDArray[np.floating],
        object_world_m: NDArray[np.floating],
    ) -> TrueContact:
        """Take the truth of a performance.

        Args:
            joints_world_m: Float (t, 21, 3) of the acting hand, m.
            contact: bool (t,), true somewhere.
            grasp_point_world_m: Float (3,), m.
            object_world_m: Float (k, 3), m.
        """
        frame, grasp = int(contact.argmax()), np.asarray(grasp_point_world_m, np.float64)
        gaps = {
            name: float(np.linalg.norm(joints_world_m[frame, list(joints)].mean(0) - grasp))
            for name, joints in TOUCHING.items()
        }
        touching = min(gaps, key=lambda name: gaps[name])
        return cls(grasp, frame, touching, np.asarray(object_world_m, np.float64))

    def at(self, joints_world_m: NDArray[np.floating], frame: int) -> FirstContact:
        """Measure a hand (t, 21, 3) that first touches in a frame."""
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

    def of_path(self, joints_world_m: NDArray[np.floating], path: GripperTrajectory) -> FirstContact | None:
        """Measure a hand (t, 21, 3) where `contact_frames` says it first touches; None if it says never."""
        contact = contact_frames(path)
        return self.at(joints_world_m, int(contact.argmax())) if contact.any() else None


def visible_points(depth_m: NDArray[np.floating], mask: NDArray[np.bool_], camera: Camera) -> Array:
    """Return the points of a scene that a mask picks out.

    Args:
        depth_m: Float (h, w), m along the optical axis.
        mask: bool (h, w).
        camera: Whose picture this is, of h x w pixels.

    Returns:
        float64 (k, 3), world, m.
    """
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], -1)
    points = (pixels @ np.linalg.inv(camera.K).T) * np.asarray(depth_m, np.float64)[rows, columns][:, None]
    return np.asarray(points @ camera.T_world_camera[:3, :3].T + camera.T_world_camera[:3, 3])


def summarise_contacts(contacts: Sequence[FirstContact | None]) -> dict[str, Any]:
    """Return "n" (clips), "none" (without a contact), and median and 90 % quantile ("p90") of every distance."""
    known = [asdict(contact) for contact in contacts if contact is not None]
    figures: dict[str, Any] = {"n": len(contacts), "none": len(contacts) - len(known)}
    for name in FirstContact.__dataclass_fields__:
        values = np.array([row[name] for row in known], np.float64)
        values = np.abs(values[np.isfinite(values)])
        median, p90 = np.quantile(values, [0.5, 0.9]) if len(values) else (np.nan, np.nan)
        figures[name] = {"median": float(median), "p90": float(p90)}
    return figures

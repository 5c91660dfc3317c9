"""The level camera: all clips as one camera that stands where theirs does, but always looks the same way.

Turning a camera about its centre maps its rays to rays exactly, so that small differences in where cameras look are
taken out by arithmetic instead of by learning. Left hands are mirrored in the level camera's x, so that the network
sees right hands only; that is exact too, whatever the kitchen looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Camera

Array = NDArray[np.float64]

WIDEST_TURN_RAD = 0.35
"""A camera may look this far from the level one."""

FARTHEST_M = 0.15
"""A camera may stand this far from the level one."""


@dataclass(frozen=True, eq=False)
class CanonicalCamera:
    """Where the level camera looks, and where it stands on average.

    Attributes:
        rotation: float64 (3, 3), its axes in the world (OpenCV: x right, y down, z forward).
        position_m: float64 (3,), the mean of the training cameras' positions.
    """

    rotation: Array
    position_m: Array

    @classmethod
    def mean_of(cls, T_world_camera: Array) -> CanonicalCamera:
        """Return the mean of poses (n, 4, 4); rotations by the SVD of their mean (Markley et al. 2007)."""
        u, _, v = np.linalg.svd(T_world_camera[:, :3, :3].mean(0))
        turn = np.diag([1.0, 1.0, np.linalg.det(u @ v)])
        return cls(u @ turn @ v, T_world_camera[:, :3, 3].mean(0))

    def check(self, camera: Camera) -> None:
        """Refuse a camera that is not like those that the level one is the mean of.

        Raises:
            InputError: If it looks or stands elsewhere.
        """
        turn = self.rotation.T @ camera.T_world_camera[:3, :3]
        angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
        distance = float(np.linalg.norm(camera.T_world_camera[:3, 3] - self.position_m))
        if angle > WIDEST_TURN_RAD or distance > FARTHEST_M:
            raise InputError(
                f"the camera looks {np.degrees(angle):.0f} degrees and stands {distance:.2f} m away from those that "
                f"the lifter was trained on; it may by {np.degrees(WIDEST_TURN_RAD):.0f} degrees and {FARTHEST_M} m. "
                "Lift by PnP, which takes any calibrated camera (ivg-policy extract --lifter pnp; in Python "
                "ivg.policy.PnPLifter), or train another on clips of your camera (ivg-policy train-lifter)"
            )

    def rays(self, keypoints: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Return the level camera's rays through a camera's picture points.

        Args:
            keypoints: Float (..., 2), normalised; NaN stays NaN.
            camera: Whose picture it is.
            mirrored: Whether to mirror (for left hands).

        Returns:
            float64 (..., 2), x and y of the points' rays at depth 1.
        """
        pixels = np.asarray(keypoints, np.float64) * (camera.width, camera.height)
        seen = np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1) @ np.linalg.inv(camera.K).T
        level = seen @ (self.rotation.T @ camera.T_world_camera[:3, :3]).T
        # Points far outside of the picture may lie beside the level camera; they are brought in front of it.
        rays = level[..., :2] / np.maximum(level[..., 2:], 0.1)
        return rays * (-1.0, 1.0) if mirrored else rays

    def place(self, camera: Camera, *, mirrored: bool) -> Array:
        """Return where a camera stands in the level camera's axes, m from the mean, (3,)."""
        offset = self.rotation.T @ (camera.T_world_camera[:3, 3] - self.position_m)
        return offset * (-1.0, 1.0, 1.0) if mirrored else offset

    def to_world(self, points: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Bring points (..., 3), m, of the level camera at a camera's place into the world."""
        points = np.asarray(points, np.float64)
        points = points * (-1.0, 1.0, 1.0) if mirrored else points
        return points @ self.rotation.T + camera.T_world_camera[:3, 3]

    def from_world(self, points: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Bring world points (..., 3), m, into the level camera at a camera's place: the inverse of `to_world`."""
        points = (np.asarray(points, np.float64) - camera.T_world_camera[:3, 3]) @ self.rotation
        return points * (-1.0, 1.0, 1.0) if mirrored else points

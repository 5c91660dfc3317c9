"""The canonical camera: at the position of a clip's camera, but always with the same orientation.

Rotating a camera about its centre maps its rays to rays exactly, so that small differences in orientation need not be
learned. Left hands are mirrored in the canonical camera's x, so that the network sees right hands only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Camera

Array = NDArray[np.float64]

MAX_ROTATION_RAD, MAX_DISTANCE_M = 0.35, 0.15  # of a camera from the canonical one


@dataclass(frozen=True, eq=False)
class CanonicalCamera:
    """Orientation of the canonical camera, and its mean position."""

    rotation: Array  # (3, 3), its axes in the world (OpenCV: x right, y down, z forward)
    position_m: Array  # (3,), the mean of the training cameras' positions

    @classmethod
    def mean_of(cls, T_world_camera: Array) -> CanonicalCamera:
        """Return the mean of poses (n, 4, 4); rotations by the SVD of their mean (Markley et al. 2007)."""
        u, _, v = np.linalg.svd(T_world_camera[:, :3, :3].mean(0))
        flip = np.diag([1.0, 1.0, np.linalg.det(u @ v)])
        return cls(u @ flip @ v, T_world_camera[:, :3, 3].mean(0))

    def check(self, camera: Camera) -> None:
        """Refuse a camera that is far from the canonical one with an `InputError`."""
        relative = self.rotation.T @ camera.T_world_camera[:3, :3]
        angle = float(np.arccos(np.clip((np.trace(relative) - 1) / 2, -1, 1)))
        distance = float(np.linalg.norm(camera.T_world_camera[:3, 3] - self.position_m))
        if angle > MAX_ROTATION_RAD or distance > MAX_DISTANCE_M:
            allowed = f"{np.degrees(MAX_ROTATION_RAD):.0f} degrees and {MAX_DISTANCE_M} m"
            raise InputError(
                f"the camera is rotated by {np.degrees(angle):.0f} degrees and {distance:.2f} m away from those that "
                f"the lifter was trained on; up to {allowed} are allowed. Lift by PnP, which takes any calibrated "
                "camera (ivg-policy extract --lifter pnp; in Python ivg.policy.PnPLifter), or train another on clips "
                "of your camera (ivg-policy train-lifter)"
            )

    def rays(self, keypoints: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Return the canonical camera's rays float64 (..., 2), x and y at depth 1, through a camera's image points.

        Keypoints (..., 2) are normalised; NaN stays NaN. Left hands are `mirrored`.
        """
        pixels = np.asarray(keypoints, np.float64) * (camera.width, camera.height)
        seen = np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1) @ np.linalg.inv(camera.K).T
        canonical = seen @ (self.rotation.T @ camera.T_world_camera[:3, :3]).T
        # Points far outside of the image may lie beside the canonical camera; they are brought in front of it.
        rays = canonical[..., :2] / np.maximum(canonical[..., 2:], 0.1)
        return rays * (-1.0, 1.0) if mirrored else rays

    def position(self, camera: Camera, *, mirrored: bool) -> Array:
        """Return a camera's position (3,) in the canonical camera's axes, m from the mean."""
        offset = self.rotation.T @ (camera.T_world_camera[:3, 3] - self.position_m)
        return offset * (-1.0, 1.0, 1.0) if mirrored else offset

    def to_world(self, points: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Return points (..., 3), m, of the canonical camera at a camera's position in the world."""
        points = np.asarray(points, np.float64)
        points = points * (-1.0, 1.0, 1.0) if mirrored else points
        return points @ self.rotation.T + camera.T_world_camera[:3, 3]

    def from_world(self, points: NDArray[np.floating], camera: Camera, *, mirrored: bool) -> Array:
        """Return world points (..., 3), m, in the canonical camera: the inverse of `to_world`."""
        points = (np.asarray(points, np.float64) - camera.T_world_camera[:3, 3]) @ self.rotation
        return points * (-1.0, 1.0, 1.0) if mirrored else points

"""A place to look from, in a simulation that has no camera there."""

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..camera import pinhole


@dataclass(frozen=True)
class Viewpoint:
    """MuJoCo's free camera: level, looking at a point."""

    lookat_m: tuple[float, float, float]  # The point in the middle of the picture, world frame
    distance_m: float  # From it to the camera
    azimuth_deg: float  # Direction of sight around z: 0 looks along x, 90 along y
    elevation_deg: float  # Direction of sight above the horizon; negative looks down
    fovy_deg: float  # Vertical field of view

    def apply(self, model: mujoco.MjModel) -> mujoco.MjvCamera:
        """Return the camera to render with, and give the model its field of view."""
        model.vis.global_.fovy = self.fovy_deg
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:] = self.lookat_m
        camera.distance = self.distance_m
        camera.azimuth, camera.elevation = self.azimuth_deg, self.elevation_deg
        return camera

    def parameters(self, size: int) -> dict[str, Any]:
        """Return ``info["camera"]`` for a square image of `size` px (see `ivg.envs.camera.pinhole`)."""
        azimuth, elevation = np.deg2rad(self.azimuth_deg), np.deg2rad(self.elevation_deg)
        forward = np.array(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
        )
        right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
        axes = np.stack([right, np.cross(forward, right), forward], axis=1)
        return pinhole(np.array(self.lookat_m) - self.distance_m * forward, axes, self.fovy_deg, size, size)

"""What the adapters share: another simulator's task, seen from a viewpoint of ours."""

from dataclasses import dataclass
from typing import Any, Self

import mujoco
import numpy as np

from ..camera import pinhole
from ..rendering import View
from ..task_env import TaskEnv
from ..wording import word_groups


@dataclass(frozen=True)
class AdaptedTask:
    """How a person asks for a task of another simulator, and by what words it is recognised."""

    phrasings: tuple[str, ...]
    words: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, phrasings: str, *groups: str) -> Self:
        """Return the task of phrasings, with semicolons in between, that has these groups of words."""
        return cls(tuple(phrasings.split("; ")), word_groups(*groups))


@dataclass(frozen=True)
class Viewpoint:
    """MuJoCo's free camera: level, looking at a point."""

    lookat_m: tuple[float, float, float]  # The point in the middle of the image, world frame
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


class AdaptedEnv(TaskEnv):
    """Another simulator's environment behind the interface of `TaskEnv`; each adapter says how it moves its robot.

    `tasks` holds what the simulator scores, the default first; images are taken from `viewpoint`; `settings` are others
    of `TaskEnv`: camera_size, depth, horizon, render_mode.
    """

    def __init__(
        self, tasks: dict[str, AdaptedTask], viewpoint: Viewpoint, task: str | None = None, **settings: Any
    ) -> None:
        super().__init__(tasks, task, **settings)
        self._viewpoint = viewpoint

    def _draw_option(self) -> mujoco.MjvOption:
        """Return what is drawn; by default what MuJoCo draws, without sites."""
        option = mujoco.MjvOption()
        option.sitegroup[:] = 0
        return option

    def _new_view(self) -> View:
        model = self.mj_model
        limits = model.vis.global_
        limits.offwidth, limits.offheight = max(limits.offwidth, self._size), max(limits.offheight, self._size)
        model.vis.quality.shadowsize = 0  # shadows and many samples cost most of the time where there is no GPU
        model.vis.quality.offsamples = min(model.vis.quality.offsamples, 4)
        return View(self._viewpoint.apply(model), self._size, self._draw_option())

    def _camera(self) -> dict[str, Any]:
        return self._viewpoint.parameters(self._size)

"""What one camera of a simulation sees: colours and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .rendering import make_renderer, scene_option

if TYPE_CHECKING:
    import mujoco

FAR_M = 20.0  # Depth is cut off here, so that the sky has a depth too


class View:
    """Square images of one camera; OpenGL starts with the first of them.

    Args:
        camera: Name of a camera of the model, or a free camera (whose field of view is the model's).
        size: Side of the image, px.
        option: What is drawn; by default visual geoms only (`scene_option`).
    """

    def __init__(self, camera: str | mujoco.MjvCamera, size: int, option: mujoco.MjvOption | None = None) -> None:
        self._camera, self._size = camera, size
        self._option = option or scene_option()
        self._renderer: mujoco.Renderer | None = None

    def image(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Return uint8 `(size, size, 3)`, RGB."""
        renderer = self._open(model)
        self._update(renderer, model, data)
        return renderer.render().copy()

    def depth(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Return float32 `(size, size)`, metres along the optical axis, at most `FAR_M`."""
        renderer = self._open(model)
        renderer.enable_depth_rendering()
        self._update(renderer, model, data)
        depth = np.minimum(renderer.render(), FAR_M).astype(np.float32)
        renderer.disable_depth_rendering()
        return depth

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _update(self, renderer: mujoco.Renderer, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Update the scene without what the camera cannot see: a robot has 100,000 triangles, which cost time anywhere."""
        hidden = np.flatnonzero(np.asarray(self._option.geomgroup) == 0)
        if not isinstance(self._camera, str) or not hidden.size:
            renderer.update_scene(data, self._camera, self._option)
            return
        groups = model.geom_group.copy()
        model.geom_group[outside_view(model, data, self._camera)] = hidden[-1]
        try:
            renderer.update_scene(data, self._camera, self._option)
        finally:
            model.geom_group[:] = groups

    def _open(self, model: mujoco.MjModel) -> mujoco.Renderer:
        if self._renderer is None:
            self._renderer = make_renderer(model, self._size, self._size)
        return self._renderer


def outside_view(model: mujoco.MjModel, data: mujoco.MjData, camera: str) -> np.ndarray:
    """Return the ids of the geoms whose bounding spheres lie outside of a fixed camera's square picture."""
    bounded = np.flatnonzero(model.geom_rbound > 0)  # planes have no bound
    seen_by = data.camera(camera)
    x, y, z = ((data.geom_xpos[bounded] - seen_by.xpos) @ seen_by.xmat.reshape(3, 3)).T  # it looks along -z
    half = np.deg2rad(model.camera(camera).fovy[0]) / 2
    beyond = np.maximum(np.abs(x), np.abs(y)) * np.cos(half) + z * np.sin(half)
    return np.asarray(bounded[np.maximum(beyond, z) > model.geom_rbound[bounded]])

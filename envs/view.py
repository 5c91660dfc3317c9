"""What one camera of a simulation sees: colours and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .rendering import make_renderer, scene_option

if TYPE_CHECKING:
    import mujoco

FAR_M = 20.0
"""Depth is cut off here, so that the sky has a depth too."""


class View:
    """Square pictures of one camera; OpenGL starts with the first of them.

    Args:
        camera: Name of a camera of the model, or a free camera (whose field of view is the model's).
        size: Side of the picture, px.
        option: What is drawn; by default visual geoms only (`rendering.scene_option`).
    """

    def __init__(self, camera: str | mujoco.MjvCamera, size: int, option: mujoco.MjvOption | None = None) -> None:
        self._camera, self._size = camera, size
        self._option = option or scene_option()
        self._renderer: mujoco.Renderer | None = None

    def picture(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Return uint8 `(size, size, 3)`, RGB."""
        renderer = self._open(model)
        renderer.update_scene(data, self._camera, self._option)
        return renderer.render().copy()

    def depth(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Return float32 `(size, size)`, metres along the optical axis, at most `FAR_M`."""
        renderer = self._open(model)
        renderer.enable_depth_rendering()
        renderer.update_scene(data, self._camera, self._option)
        depth = np.minimum(renderer.render(), FAR_M).astype(np.float32)
        renderer.disable_depth_rendering()
        return depth

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _open(self, model: mujoco.MjModel) -> mujoco.Renderer:
        if self._renderer is None:
            self._renderer = make_renderer(model, self._size, self._size)
        return self._renderer

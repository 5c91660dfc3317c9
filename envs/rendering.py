"""Offscreen rendering: which OpenGL this machine has, and what one camera of a simulation sees."""

from __future__ import annotations

import atexit
import ctypes.util
import importlib
import os
import re
import sys
import weakref
from typing import TYPE_CHECKING

import numpy as np

from .errors import RenderingError

if TYPE_CHECKING:
    import mujoco

FAR_M = 20.0  # Depth is cut off here, so that the sky has a depth too
_LIBRARIES = {"egl": "EGL", "osmesa": "OSMesa"}


def choose_gl() -> str | None:
    """Set ``MUJOCO_GL`` to EGL, else OSMesa, unless the user has set it, and return it.

    None means that neither library is installed (`make_renderer` then says so).
    """
    chosen = os.environ.get("MUJOCO_GL")
    if not chosen:
        found = [name for name in ("egl", "osmesa") if ctypes.util.find_library(_LIBRARIES[name])]
        if not found:
            return None
        chosen = os.environ["MUJOCO_GL"] = found[0]
    if chosen in _LIBRARIES:
        os.environ.setdefault("PYOPENGL_PLATFORM", chosen)
        _let_mujoco_choose_again(chosen)
    return chosen


def load_mujoco() -> None:
    """Choose OpenGL and import mujoco, which loads it at once; where `choose_gl` finds none, mujoco does without.

    A ``MUJOCO_GL`` that mujoco does not know, or that is not installed, raises a `RenderingError`.
    """
    try:
        choose_gl()
        import mujoco  # noqa: F401
    except Exception as error:  # RuntimeError, AttributeError or ImportError, by what is missing where
        raise RenderingError(_not_started(error)) from error


def _not_started(error: Exception) -> str:
    return (
        f"OpenGL did not start with MUJOCO_GL={os.environ.get('MUJOCO_GL')!r} ({error}). Unset MUJOCO_GL, set it to "
        "another of egl, osmesa, or install libegl1 libgles2 or libosmesa6; ivg-doctor says what is there."
    )


def _let_mujoco_choose_again(chosen: str) -> None:
    """Reload what mujoco chose by where it was imported before us (robosuite sets ``MUJOCO_GL`` after importing it)."""
    contexts = [name for name in sys.modules if re.fullmatch(r"mujoco\.(.*\.)?gl_context", name)]
    for name in sorted(contexts, reverse=True):  # mujoco.rendering's first, which mujoco.gl_context only names anew
        context = getattr(sys.modules[name], "GLContext", None)
        if context is not None and context.__module__.split(".")[-1] != chosen:
            importlib.reload(sys.modules[name])


def make_renderer(model: mujoco.MjModel, height: int, width: int) -> mujoco.Renderer:
    """Make a renderer, to be closed; a `RenderingError` for more than the offscreen buffer, or without OpenGL."""
    if choose_gl() is None:
        raise RenderingError(
            "no offscreen OpenGL: MUJOCO_GL is unset and neither libEGL nor libOSMesa is installed. "
            "On Debian or Ubuntu: apt-get install libegl1 libgles2 (or libosmesa6)."
        )
    import mujoco

    limit = model.vis.global_.offwidth, model.vis.global_.offheight
    if width > limit[0] or height > limit[1]:
        raise RenderingError(f"image size {width}x{height} px: it must be at most {limit[0]}x{limit[1]} px.")
    try:
        renderer = mujoco.Renderer(model, height=height, width=width)
    except Exception as error:  # mujoco raises plain RuntimeError, AttributeError or OpenGL errors here
        raise RenderingError(_not_started(error)) from error

    alive = weakref.ref(renderer)
    atexit.register(lambda: (left := alive()) and left.close())  # OpenGL has to go before the interpreter does
    return renderer


def scene_option() -> mujoco.MjvOption:
    """Return the visibility options of every image: visual geoms (group 1), no collision geoms, no sites."""
    choose_gl()
    import mujoco

    option = mujoco.MjvOption()
    option.geomgroup[:] = 0
    option.geomgroup[1] = 1
    option.sitegroup[:] = 0
    return option


class View:
    """Square images, `size` px, of a camera of the model, or of a free one (whose field of view is the model's).

    OpenGL starts with the first of them. `option` says what is drawn; by default visual geoms only (`scene_option`).
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
        """Update the scene without what the camera cannot see: a robot has 100,000 triangles, each of which costs."""
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
    """Return the ids of the geoms whose bounding spheres lie outside of a fixed camera's square image."""
    bounded = np.flatnonzero(model.geom_rbound > 0)  # planes have no bound
    seen_by = data.camera(camera)
    x, y, z = ((data.geom_xpos[bounded] - seen_by.xpos) @ seen_by.xmat.reshape(3, 3)).T  # it looks along -z
    half = np.deg2rad(model.camera(camera).fovy[0]) / 2
    beyond = np.maximum(np.abs(x), np.abs(y)) * np.cos(half) + z * np.sin(half)
    return np.asarray(bounded[np.maximum(beyond, z) > model.geom_rbound[bounded]])

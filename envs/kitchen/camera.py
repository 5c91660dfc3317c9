"""The kitchen's MuJoCo cameras as intrinsics and pose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..camera import pinhole, project

if TYPE_CHECKING:
    import mujoco

__all__ = ["camera_of", "project"]


def camera_of(model: mujoco.MjModel, data: mujoco.MjData, name: str, width: int, height: int) -> dict[str, Any]:
    """Return the parameters of a camera of the model.

    Args:
        model: The model.
        data: Its data, with up-to-date kinematics.
        name: The camera's name.
        width: Picture width, px.
        height: Picture height, px.

    Returns:
        As `pinhole` returns them.
    """
    camera = model.camera(name)
    axes = data.cam_xmat[camera.id].reshape(3, 3) * np.array([1.0, -1.0, -1.0])  # OpenGL's axes to OpenCV's
    return pinhole(data.cam_xpos[camera.id], axes, float(camera.fovy[0]), width, height)

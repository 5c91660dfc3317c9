"""A MuJoCo camera as intrinsics and pose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import mujoco


def camera_of(model: mujoco.MjModel, data: mujoco.MjData, name: str, width: int, height: int) -> dict[str, Any]:
    """Return a camera's parameters.

    Args:
        model: The model.
        data: Its data, with up-to-date kinematics.
        name: The camera's name.
        width: Picture width, px.
        height: Picture height, px.

    Returns:
        ``K`` (3, 3) px, ``T_world_camera`` (4, 4) m with OpenCV axes (x right, y down, z forward), ``width`` and
        ``height`` in px.
    """
    camera = model.camera(name)
    focal = 0.5 * height / np.tan(0.5 * np.deg2rad(float(camera.fovy[0])))
    intrinsics = np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    pose = np.eye(4)
    pose[:3, :3] = data.cam_xmat[camera.id].reshape(3, 3) * np.array([1.0, -1.0, -1.0])
    pose[:3, 3] = data.cam_xpos[camera.id]
    return {"K": intrinsics, "T_world_camera": pose, "width": width, "height": height}


def project(camera: dict[str, Any], points_world_m: np.ndarray) -> np.ndarray:
    """Project world points into the picture.

    Args:
        camera: From `camera_of`.
        points_world_m: `(..., 3)` m.

    Returns:
        `(..., 2)` normalised image coordinates (x right, y down; [0, 1] is inside the picture).
    """
    pose, intrinsics = camera["T_world_camera"], camera["K"]
    local = (points_world_m - pose[:3, 3]) @ pose[:3, :3]
    pixels = local[..., :2] / local[..., 2:] * intrinsics[[0, 1], [0, 1]] + intrinsics[:2, 2]
    return pixels / np.array([camera["width"], camera["height"]])

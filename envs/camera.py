"""Cameras as intrinsics and pose, and what they see of points in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import mujoco


def pinhole(position_m: np.ndarray, axes: np.ndarray, fovy_deg: float, width: int, height: int) -> dict[str, Any]:
    """Return a camera's parameters as `info["camera"]` has them, for an image of `width` x `height` px.

    Its position `(3,)` m and axes `(3, 3)` (right, down and forward as columns) are in the world frame.

    Returns:
        ``K`` (3, 3) px, ``T_world_camera`` (4, 4) m in OpenCV axes (x right, y down, z forward), ``width``, ``height``.
    """
    focal = 0.5 * height / np.tan(0.5 * np.deg2rad(fovy_deg))
    intrinsics = np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    pose = np.eye(4)
    pose[:3, :3] = axes
    pose[:3, 3] = position_m
    return {"K": intrinsics, "T_world_camera": pose, "width": width, "height": height}


def camera_of(model: mujoco.MjModel, data: mujoco.MjData, name: str, width: int, height: int) -> dict[str, Any]:
    """Return the parameters (see `pinhole`) of a named camera of the model; the kinematics are up to date."""
    camera = model.camera(name)
    axes = data.cam_xmat[camera.id].reshape(3, 3) * np.array([1.0, -1.0, -1.0])  # OpenGL's axes to OpenCV's
    return pinhole(data.cam_xpos[camera.id], axes, float(camera.fovy[0]), width, height)


def project(camera: dict[str, Any], points_world_m: np.ndarray) -> np.ndarray:
    """Project world points `(..., 3)` m to image coordinates `(..., 2)`, x right, y down, [0, 1] inside the image."""
    pose, intrinsics = camera["T_world_camera"], camera["K"]
    local = (points_world_m - pose[:3, 3]) @ pose[:3, :3]
    pixels = local[..., :2] / local[..., 2:] * intrinsics[[0, 1], [0, 1]] + intrinsics[:2, 2]
    return pixels / np.array([camera["width"], camera["height"]])

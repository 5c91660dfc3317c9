"""Rotations as 3x3 matrices, and their blending."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def about_x(angle: float) -> Array:
    """Rotation about x by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def about_y(angle: float) -> Array:
    """Rotation about y by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def about_z(angle: float) -> Array:
    """Rotation about z by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def yaw_pitch_roll(yaw: float, pitch: float, roll: float) -> Array:
    """Rz(yaw) Ry(pitch) Rx(roll): positive pitch turns +x down, positive roll lifts +y."""
    return about_z(yaw) @ about_y(pitch) @ about_x(roll)


def frame_from(x_axis: ArrayLike, z_hint: ArrayLike) -> Array:
    """Right-handed frame whose x axis is given and whose z axis is as near `z_hint` as it can be."""
    x = np.asarray(x_axis, float)
    x = x / np.linalg.norm(x)
    z = np.asarray(z_hint, float)
    z = z - x * (x @ z)
    z = z / np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z], axis=1)


def to_quaternion(rotation: Array) -> Array:
    """Unit quaternion (w, x, y, z), w >= 0, of a rotation matrix (..., 3, 3)."""
    m = np.asarray(rotation, float)
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    w, x, y, z = 1 + trace, *(1 + 2 * m[..., i, i] - trace for i in range(3))
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = np.stack([w, a, b, c, a, x, d, e, b, d, y, f, c, e, f, z], axis=-1).reshape(*trace.shape, 4, 4)
    best = np.argmax(np.stack([w, x, y, z], axis=-1), axis=-1)
    quaternion = np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)
    return np.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def from_quaternion(quaternion: ArrayLike) -> Array:
    """Rotation matrix of one unit quaternion (w, x, y, z)."""
    w, x, y, z = np.asarray(quaternion, float)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def blend(start: Array, end: Array, fraction: float) -> Array:
    """Rotation at `fraction` of the shortest arc from `start` to `end` (spherical interpolation)."""
    q0, q1 = to_quaternion(start), to_quaternion(end)
    cosine = float(q0 @ q1)
    if cosine < 0:
        q1, cosine = -q1, -cosine
    angle = np.arccos(min(cosine, 1.0))
    if angle < 1e-6:
        return end if fraction >= 0.5 else start
    mixed = (np.sin((1 - fraction) * angle) * q0 + np.sin(fraction * angle) * q1) / np.sin(angle)
    return from_quaternion(mixed / np.linalg.norm(mixed))

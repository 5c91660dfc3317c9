"""The lifting network: the rays of one hand over a clip to its joints in metres, in a canonical camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ivg.errors import InputError
from ivg.types import JOINTS, Camera

Array = NDArray[np.float64]

MAX_ROTATION_RAD, MAX_DISTANCE_M = 0.35, 0.15  # of a camera from the canonical one
# Units of the outputs: offsets of rays (at depth 1), and logarithms of the hand's depth and of its joints'.
_OFFSET, _DEPTH, _SHAPE = 0.03, 0.1, 0.03
# Joints about their middle, the middle, size, presence and confidence, the camera's position, the side.
_FEATURES = 2 * JOINTS + 2 + 1 + 2 + 3 + 1


@dataclass(frozen=True, eq=False)
class CanonicalCamera:
    """The camera that hands are lifted in: at the position of a clip's camera, but always with the same orientation.

    Rotating a camera about its centre maps its rays to rays exactly, so that small differences in orientation need not
    be learned. Left hands are mirrored in the canonical camera's x, so that the network sees right hands only.
    """

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


class LifterNetwork(nn.Module):
    """A transformer over the frames of a clip, one hand at a time, right hands and mirrored left ones.

    The joints lie on the given rays, with small offsets, at predicted depths: for each frame the hand's, times each
    joint's. The rays of absent frames are interpolated.

    The tokens, one a frame for at most `frames` frames, are of a `width`; an output of 0 is a depth of `mean_depth_m`.
    """

    def __init__(
        self, width: int = 128, layers: int = 3, heads: int = 4, frames: int = 16, mean_depth_m: float = 0.7
    ) -> None:
        super().__init__()
        self.config = {"width": width, "layers": layers, "heads": heads, "frames": frames, "mean_depth_m": mean_depth_m}
        self.frames, self.mean_depth_m = frames, mean_depth_m
        self.embed = nn.Linear(_FEATURES, width)
        self.places = nn.Parameter(torch.randn(frames, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 3 * JOINTS + 1)
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)

    def forward(self, rays: Tensor, present: Tensor, score: Tensor, position: Tensor, is_right: Tensor) -> Tensor:
        """Lift hands to float (b, t, 21, 3), m, in the canonical camera; absent frames hold estimates.

        Rays (b, t, 21, 2), at depth 1, hold anything where absent; at least one frame of each clip must be present
        (b, t). The detector's confidence (b, t) lies in [0, 1]; the position (b, 3), m, is `CanonicalCamera.position`;
        left hands are mirrored.
        """
        rays = between(rays, present)
        tokens = self.embed(_features(rays, present, score, position, is_right)) + self.places[: rays.shape[1]]
        out = self.head(self.encoder(tokens))
        offsets = _OFFSET * out[..., : 2 * JOINTS].unflatten(-1, (JOINTS, 2))
        depth = self.mean_depth_m * torch.exp(_DEPTH * out[..., -1:] + _SHAPE * out[..., 2 * JOINTS : -1])
        moved = rays + offsets
        return torch.cat([moved, torch.ones_like(moved[..., :1])], -1) * depth[..., None]


def between(rays: Tensor, present: Tensor) -> Tensor:
    """Interpolate rays (b, t, 21, 2) of absent frames linearly; at the ends take the nearest present (b, t) one."""
    t = rays.shape[1]
    time = torch.arange(t, device=rays.device).expand(present.shape)
    before = torch.where(present, time, -1).cummax(1).values
    after = torch.where(present, time, t).flip(1).cummin(1).values.flip(1)
    first = torch.where(before < 0, after, before).clamp(0, t - 1)
    last = torch.where(after >= t, before, after).clamp(0, t - 1)
    fraction = (time - first) / (last - first).clamp_min(1)
    rows = torch.arange(len(rays), device=rays.device)[:, None]
    clean = torch.where(present[..., None, None], rays, 0.0)
    low, high = clean[rows, first], clean[rows, last]
    return low + fraction[..., None, None] * (high - low)


def _features(rays: Tensor, present: Tensor, score: Tensor, position: Tensor, is_right: Tensor) -> Tensor:
    """Return float (b, t, f), each about of unit size."""
    b, t = present.shape
    middle = rays.mean(2)
    shape = rays - middle[:, :, None]
    size = shape.square().sum(-1).mean(-1, keepdim=True).clamp_min(1e-8).sqrt()
    seen = torch.stack([present.to(rays.dtype), score * present], -1)
    clip = torch.cat([position * 100, is_right.to(rays.dtype)[:, None] * 2 - 1], -1)
    return torch.cat([shape.flatten(2) * 15, middle * 6, (size * 15).log(), seen, clip[:, None].expand(b, t, -1)], -1)

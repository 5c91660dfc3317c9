"""Rotations as tensors: quaternions (wxyz), matrices, and the six numbers that networks learn (Zhou et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor


def quaternion_to_matrix(quaternion: Tensor) -> Tensor:
    """Turn quaternions (..., 4), wxyz, of any length, into matrices (..., 3, 3); zeros give the identity."""
    square = quaternion.square().sum(-1, keepdim=True)
    w, x, y, z = (quaternion * torch.rsqrt(square.clamp_min(1e-12))).unbind(-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ]
    return torch.stack(rows, -2)


def rotation_vector_to_matrix(vector: Tensor) -> Tensor:
    """Turn axis times angle (..., 3), rad, into matrices (..., 3, 3)."""
    half = 0.5 * vector.norm(dim=-1, keepdim=True)
    return quaternion_to_matrix(torch.cat([half.cos(), 0.5 * torch.sinc(half / torch.pi) * vector], -1))


def matrix_to_six(matrix: Tensor) -> Tensor:
    """Return the first two columns (..., 6) of matrices (..., 3, 3)."""
    return matrix[..., :2].transpose(-1, -2).flatten(-2)


def six_to_matrix(six: Tensor) -> Tensor:
    """Make matrices (..., 3, 3) of two columns (..., 6) that need not be orthonormal (Zhou et al. 2019, Eq. 15)."""
    x = torch.nn.functional.normalize(six[..., :3], dim=-1)
    y = six[..., 3:] - (x * six[..., 3:]).sum(-1, keepdim=True) * x
    y = torch.nn.functional.normalize(y, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)

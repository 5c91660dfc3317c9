"""Pictures between uint8 and the model's range, and side by side on sample sheets."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_model(pictures: NDArray[np.uint8]) -> Tensor:
    """Turn uint8 (n, h, w, 3) into float (n, 3, h, w) in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def from_model(pictures: Tensor) -> NDArray[np.uint8]:
    """Turn float (n, 3, h, w), clamped to [-1, 1], into uint8 (n, h, w, 3)."""
    scaled = (pictures.detach().float().clamp(-1, 1) + 1) * 127.5
    return np.ascontiguousarray(scaled.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


def grid(rows: Sequence[NDArray[np.uint8]], scale: int = 1) -> NDArray[np.uint8]:
    """Tile rows of pictures (n, h, w, 3) into one picture, each pixel `scale` pixels wide."""
    tiled = np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
    return np.asarray(cv2.resize(tiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)

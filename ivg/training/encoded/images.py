"""Images between uint8 and the model's range, encoded to latents, and in grids of samples."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...models.interfaces import ImageAutoencoder
from ..device import bf16_pays


def to_model(images: NDArray[np.uint8]) -> Tensor:
    """Turn uint8 (n, h, w, 3) into float (n, 3, h, w) in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def from_model(images: Tensor) -> NDArray[np.uint8]:
    """Turn float (n, 3, h, w), clamped to [-1, 1], into uint8 (n, h, w, 3)."""
    scaled = (images.detach().float().clamp(-1, 1) + 1) * 127.5
    return np.ascontiguousarray(scaled.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


@torch.no_grad()
def encode_images(autoencoder: ImageAutoencoder, images: NDArray[np.uint8]) -> Tensor:
    """Encode uint8 (n, s, s, 3), in bfloat16 inside where that pays, to float16 latents (n, z, c, c) on the CPU."""
    device = autoencoder.device
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16_pays(device)):
        return autoencoder.encode(to_model(images).to(device)).half().cpu()


def white_on_black(masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Turn masks (..., s, s) into images (..., s, s, 3)."""
    return np.repeat(masks[..., None] * np.uint8(255), 3, -1)


def grid(rows: Sequence[NDArray[np.uint8]], scale: int = 1) -> NDArray[np.uint8]:
    """Tile rows of images (n, h, w, 3) into one image, each pixel `scale` pixels wide."""
    tiled = np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
    return np.asarray(cv2.resize(tiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)

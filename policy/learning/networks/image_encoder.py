"""Images to features, small enough for one CPU core, and their augmentation in training."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class ImageEncoder(nn.Module):
    """A small convolutional network: patches of 4 x 4, layers that halve, one linear layer, which keeps positions."""

    def __init__(self, images: int, size: int, widths: Sequence[int], width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3 * images, widths[0], 4, 4), nn.GELU()]
        for before, after in itertools.pairwise(widths):
            layers += [nn.GroupNorm(min(8, before), before), nn.Conv2d(before, after, 3, 2, 1), nn.GELU()]
        layers += [nn.GroupNorm(min(8, widths[-1]), widths[-1]), nn.Conv2d(widths[-1], widths[-1], 3, 1, 1), nn.GELU()]
        self.maps = nn.Sequential(*layers)
        side = size // (4 * 2 ** (len(widths) - 1))
        self.out = nn.Linear(widths[-1] * side * side, width)

    def forward(self, images: Tensor) -> Tensor:
        """Encode uint8 (b, s, h, w, 3) to (b, width)."""
        scaled = images.permute(0, 1, 4, 2, 3).flatten(1, 2).float() / 127.5 - 1
        out: Tensor = self.out(self.maps(scaled.contiguous(memory_format=torch.channels_last)).flatten(1))
        return out


def resize_images(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize images (..., h, w, 3) to (..., size, size, 3)."""
    if images.shape[-3:-1] == (size, size):
        return images
    flat = images.reshape(-1, *images.shape[-3:])
    small = [cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in flat]
    return np.stack(small).astype(np.uint8, copy=False).reshape(*images.shape[:-3], size, size, 3)


def augment_images(
    images: NDArray[np.uint8], rng: np.random.Generator, shift: int, brightness: float
) -> NDArray[np.uint8]:
    """Shift each sample of (b, s, h, w, 3) by up to `shift` pixels, edges repeated; change brightness and contrast."""
    count, _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    offsets = rng.integers(0, 2 * shift + 1, (count, 2))
    moved = np.stack([padded[i, :, y : y + height, x : x + width] for i, (y, x) in enumerate(offsets)])
    if not brightness:
        return moved
    gain, offset = rng.uniform(-brightness, brightness, (2, count)).astype(np.float32)
    levels = np.arange(256, dtype=np.float32)
    tables = np.clip((levels - 127.5) * (1 + gain[:, None]) + 127.5 * (1 + offset[:, None]), 0, 255).astype(np.uint8)
    return np.stack([table[sample] for table, sample in zip(tables, moved, strict=True)])

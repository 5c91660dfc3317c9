"""How TensorFlow 1 resizes pictures: FID and FVD were published with it, and their figures depend on it."""

from __future__ import annotations

import torch
from torch import Tensor


def resize_bilinear(pictures: Tensor, size: int) -> Tensor:
    """Resizes as TensorFlow 1's ``resize_bilinear`` with ``align_corners=False``.

    The target's pixel i reads the source at ``i * source / target`` (the corner, not the middle, of the pixel),
    linearly between its two neighbours; nothing is smoothed when the picture shrinks.

    Args:
        pictures: Float (..., h, w).
        size: Height and width wanted.

    Returns:
        (..., size, size), the same tensor if it has that size already.
    """
    height, width = pictures.shape[-2:]
    if (height, width) == (size, size):
        return pictures
    down = _weights(height, size).to(pictures)
    across = _weights(width, size).to(pictures)
    return down @ pictures @ across.T


def _weights(source: int, target: int) -> Tensor:
    """Returns (target, source): what each target pixel takes of each source pixel."""
    place = torch.arange(target, dtype=torch.float64) * (source / target)
    low = place.floor().long().clamp(max=source - 1)
    high = (low + 1).clamp(max=source - 1)
    part = (place - low).unsqueeze(1)
    eye = torch.eye(source, dtype=torch.float64)
    return eye[low] * (1 - part) + eye[high] * part

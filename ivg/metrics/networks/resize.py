"""How TensorFlow 1 resizes images: FID and FVD were published with it, and their figures depend on it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def resize_bilinear(images: Tensor, size: int) -> Tensor:
    """Resizes as TensorFlow 1's ``resize_bilinear`` with ``align_corners=False``.

    The target's pixel i reads the source at ``i * source / target`` (the corner, not the middle, of the pixel),
    linearly between its two neighbours; nothing is smoothed when the image shrinks. That is what ``align_corners=True``
    does to images and targets that are a pixel larger: ``i * (source + 1 - 1) / (target + 1 - 1)``. Images (..., h, w)
    become (..., size, size), computed in float64; the same tensor if it has that size already.
    """
    height, width = images.shape[-2:]
    if (height, width) == (size, size):
        return images
    padded = F.pad(images.double().reshape(1, -1, height, width), (0, 1, 0, 1), mode="replicate")
    resized = F.interpolate(padded, (size + 1, size + 1), mode="bilinear", align_corners=True)[..., :size, :size]
    return resized.reshape(*images.shape[:-2], size, size).to(images.dtype)

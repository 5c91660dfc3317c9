"""How a region of motion enters the denoiser."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .nano.autoencoder import FACTOR


def region_input(masks: Tensor) -> Tensor:
    """Turn masks (b, t, s, s) in [0, 1] into the denoiser's region (b, t, 2, s/8, s/8).

    Channel 0 is the share of each latent cell that the union over the clip covers, in every frame alike; channel 1
    that of the frame's own mask.
    """
    union = masks.amax(1, keepdim=True)
    cells = F.avg_pool2d(torch.cat([union, masks], 1), FACTOR)
    return torch.stack([cells[:, :1].expand_as(cells[:, 1:]), cells[:, 1:]], 2)

"""LPIPS: perceptual distance of two images, version 0.1 with AlexNet, which its authors advise for judging.

Source: Zhang et al., *The Unreasonable Effectiveness of Deep Features as a Perceptual Metric*, 2018 (arXiv 1801.03924),
Eq. 1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError

MIN_SIZE = 32  # smaller images leave nothing after AlexNet's pools

# Channels in and out, kernel, stride and padding of AlexNet's convolutions.
_CONVOLUTIONS = ((3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1))
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


class Lpips(nn.Module):
    """Pairs of images to their perceptual distance."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(*sizes) for sizes in _CONVOLUTIONS)
        self.weights = nn.ParameterList(nn.Parameter(torch.zeros(sizes[1])) for sizes in _CONVOLUTIONS)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)

    def _layers(self, images: Tensor) -> list[Tensor]:
        """Returns the five activations, each divided by its length over the channels."""
        x = (images - self.shift) / self.scale
        layers = []
        for number, convolution in enumerate(self.convolutions):
            x = F.relu(convolution(F.max_pool2d(x, 3, 2) if number in (1, 2) else x))
            layers.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return layers

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns distances (b,) of images float (b, 3, h, w) in [-1, 1]; 0 for equal ones."""
        pairs = zip(self._layers(first), self._layers(second), self.weights, strict=True)
        return sum(  # type: ignore[return-value]
            ((one - other).square() * weight[:, None, None]).sum(1).mean((1, 2)) for one, other, weight in pairs
        )

    @torch.no_grad()
    def distances(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns distances (b,) of frames, uint8 (b, h, w, 3); InputError if they are smaller than 32 px."""
        if min(first.shape[1:3]) < MIN_SIZE:
            raise InputError(f"LPIPS takes images of at least {MIN_SIZE} px, got {tuple(first.shape[1:3])}")
        scaled = [frames.permute(0, 3, 1, 2).float() / 127.5 - 1 for frames in (first, second)]
        distances: Tensor = self(*scaled)
        return distances

"""Inception-v3 of FID: the TensorFlow graph of 2015-12-05, whose 2048 pooled features every published FID is over.

It differs from torchvision's Inception-v3 in three pools: averages leave the padding out, the last block pools by its
maximum, and weights are those of the graph. Batch norms are folded into the convolutions (`convert.py`).

Source: Szegedy et al. 2015 (arXiv 1512.00567); Heusel et al. 2017 (arXiv 1706.08500) chose it for FID.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .resize import resize_bilinear

SIZE = 299

Kernel = int | tuple[int, int]
Step = tuple[int, Kernel]
"""Channels and kernel of a convolution."""


class ConvReLU(nn.Conv2d):
    """A convolution with bias, then ReLU; padded to keep the size unless it strides or `pad` is False."""

    def __init__(self, width: int, step: Step, *, stride: int = 1, pad: bool = True) -> None:
        channels, kernel = step
        height, breadth = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, breadth // 2) if pad and stride == 1 else (0, 0)
        super().__init__(width, channels, (height, breadth), stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to (b, channels, h', w')."""
        return F.relu(super().forward(x))


class Tower(nn.Sequential):
    """Convolutions one after the other; the last one may stride."""

    def __init__(self, width: int, *steps: Step, stride: int = 1) -> None:
        convolutions = []
        for number, step in enumerate(steps, 1):
            convolutions.append(ConvReLU(width, step, stride=stride if number == len(steps) else 1))
            width = step[0]
        super().__init__(*convolutions)


class Mixed(nn.Module):
    """Towers side by side and a 1x1 convolution of the pooled input, concatenated."""

    def __init__(self, width: int, towers: Sequence[Sequence[Step]], pooled: int) -> None:
        super().__init__()
        self.towers = nn.ModuleList(Tower(width, *steps) for steps in towers)
        self.pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.pooled = ConvReLU(width, (pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, h, w) to (b, sum of the towers' last channels + pooled, h, w)."""
        return torch.cat([*(tower(x) for tower in self.towers), self.pooled(self.pool(x))], 1)


class Shrinking(nn.Module):
    """Towers whose last convolution strides, and a maximum that does, concatenated."""

    def __init__(self, width: int, towers: Sequence[Sequence[Step]]) -> None:
        super().__init__()
        self.towers = nn.ModuleList(Tower(width, *steps, stride=2) for steps in towers)

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, h, w) to (b, ..., (h - 1) // 2, (w - 1) // 2)."""
        return torch.cat([*(tower(x) for tower in self.towers), F.max_pool2d(x, 3, 2)], 1)


class Splitting(nn.Module):
    """The last blocks: two towers end in a 1x3 and a 3x1 convolution; the last one pools by the `maximum`."""

    def __init__(self, width: int, *, maximum: bool) -> None:
        super().__init__()
        self.single = ConvReLU(width, (320, 1))
        self.short = Tower(width, (384, 1))
        self.short_ends = nn.ModuleList(ConvReLU(384, (384, kernel)) for kernel in ((1, 3), (3, 1)))
        self.long = Tower(width, (448, 1), (384, 3))
        self.long_ends = nn.ModuleList(ConvReLU(384, (384, kernel)) for kernel in ((1, 3), (3, 1)))
        self.pooled = ConvReLU(width, (192, 1))
        self.pool = nn.MaxPool2d(3, 1, 1) if maximum else nn.AvgPool2d(3, 1, 1, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, h, w) to (b, 2048, h, w)."""
        short, long = self.short(x), self.long(x)
        ends = [*(end(short) for end in self.short_ends), *(end(long) for end in self.long_ends)]
        return torch.cat([self.single(x), *ends, self.pooled(self.pool(x))], 1)


def _square(width: int, pooled: int) -> Mixed:
    return Mixed(width, [[(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]], pooled)


def _factored(n: int) -> Mixed:
    across, down = (1, 7), (7, 1)
    long: list[Step] = [(n, 1), (n, down), (n, across), (n, down), (192, across)]
    return Mixed(768, [[(192, 1)], [(n, 1), (n, across), (192, down)], long], 192)


class Inception(nn.Module):
    """Images to the features of FID."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvReLU(3, (32, 3), stride=2),
            ConvReLU(32, (32, 3), pad=False),
            ConvReLU(32, (64, 3)),
            nn.MaxPool2d(3, 2),
            ConvReLU(64, (80, 1)),
            ConvReLU(80, (192, 3), pad=False),
            nn.MaxPool2d(3, 2),
        )
        self.mixed = nn.Sequential(
            *(_square(192, 32), _square(256, 64), _square(288, 64)),
            Shrinking(288, [[(384, 3)], [(64, 1), (96, 3), (96, 3)]]),
            *(_factored(128), _factored(160), _factored(160), _factored(192)),
            Shrinking(768, [[(192, 1), (320, 3)], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3)]]),
            *(Splitting(1280, maximum=False), Splitting(2048, maximum=True)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Returns features (b, 2048) of images, float (b, 3, 299, 299) in [-1, 127/128]."""
        features: Tensor = self.mixed(self.stem(images)).mean((2, 3))
        return features

    @torch.no_grad()
    def features(self, frames: Tensor) -> Tensor:
        """Returns features (b, 2048) of frames, uint8 (b, h, w, 3), resized as TensorFlow 1 does, as in the graph."""
        images = resize_bilinear(frames.permute(0, 3, 1, 2).float(), SIZE)
        features: Tensor = self((images - 128) / 128)
        return features

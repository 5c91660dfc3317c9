"""I3D of FVD: the RGB Inception-v1 inflated to 3D, trained on Kinetics-400, whose 400 logits FVD is over.

Source: Carreira and Zisserman 2017 (arXiv 1705.07750); Unterthiner et al. 2018 (arXiv 1812.01717) chose it for FVD.
Batch norms are folded into the convolutions (`convert.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError
from .resize import resize_bilinear

LOGITS = 400
SIZE = 224
MIN_FRAMES = 9  # fewer leave a single frame before the last pool, which spans two

BLOCKS = {  # channels of each block's six convolutions, by the names that the original gives them
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}


def _pad_same(x: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tensor:
    """Pads (b, c, t, h, w) with zeros as TensorFlow's "SAME" does: as little as possible, the odd one at the end.

    Under a maximum zeros are as good as the least value, because every pool here comes after a ReLU.
    """
    sides: list[int] = []
    for length, k, s in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        lack = max((-(-length // s) - 1) * s + k - length, 0)
        sides += [lack // 2, lack - lack // 2]
    return F.pad(x, sides)


class Unit(nn.Conv3d):
    """A convolution with bias and "SAME" padding, then ReLU."""

    def __init__(self, width: int, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(width, channels, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, t, h, w) to (b, channels, t', h', w')."""
        return F.relu(super().forward(_pad_same(x, self.kernel_size, self.stride)))


def _pool(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    return F.max_pool3d(_pad_same(x, kernel, stride), kernel, stride)


class Block(nn.Module):
    """Four branches, concatenated: 1x1x1; 1x1x1 and 3x3x3, twice; a maximum and 1x1x1."""

    def __init__(self, width: int, channels: Sequence[int]) -> None:
        super().__init__()
        inputs = (width, width, channels[1], width, channels[3], width)
        layers = zip(("0a", "1a", "1b", "2a", "2b", "3b"), inputs, channels, (1, 1, 3, 1, 3, 1), strict=True)
        self.units = nn.ModuleDict({name: Unit(*sizes) for name, *sizes in layers})

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, t, h, w) to (b, sum of channels 0, 2, 4 and 5, t, h, w)."""
        units = self.units
        pooled = _pool(x, (3, 3, 3), (1, 1, 1))
        branches = [units["0a"](x), units["1b"](units["1a"](x)), units["2b"](units["2a"](x)), units["3b"](pooled)]
        return torch.cat(branches, 1)


class I3D(nn.Module):
    """Clips to the features of FVD."""

    def __init__(self) -> None:
        super().__init__()
        stem = {"Conv3d_1a_7x7": (3, 64, 7, 2), "Conv3d_2b_1x1": (64, 64, 1), "Conv3d_2c_3x3": (64, 192, 3)}
        self.stem = nn.ModuleDict({name: Unit(*sizes) for name, sizes in stem.items()})
        self.blocks, width = nn.ModuleDict(), 192
        for name, channels in BLOCKS.items():
            self.blocks[name] = Block(width, channels)
            width = channels[0] + channels[2] + channels[4] + channels[5]
        self.logits = nn.Conv3d(width, LOGITS, 1)

    def forward(self, clips: Tensor) -> Tensor:
        """Returns logits (b, 400), averaged over time, of clips float (b, 3, t, 224, 224) in [-1, 1], t at least 9."""
        if clips.shape[2] < MIN_FRAMES:
            raise InputError(f"I3D takes clips of at least {MIN_FRAMES} frames, got {clips.shape[2]}")
        x = _pool(self.stem["Conv3d_1a_7x7"](clips), (1, 3, 3), (1, 2, 2))
        x = self.stem["Conv3d_2c_3x3"](self.stem["Conv3d_2b_1x1"](x))
        x = _pool(x, (1, 3, 3), (1, 2, 2))
        for name, block in self.blocks.items():
            if name == "Mixed_4b":
                x = _pool(x, (3, 3, 3), (2, 2, 2))
            elif name == "Mixed_5b":
                x = _pool(x, (2, 2, 2), (2, 2, 2))
            x = block(x)
        logits: Tensor = self.logits(F.avg_pool3d(x, (2, 7, 7), 1))
        return logits.mean((2, 3, 4))

    @torch.no_grad()
    def features(self, clips: Tensor) -> Tensor:
        """Returns features (b, 400) of clips, uint8 (b, t, h, w, 3), as the authors of FVD take them.

        Frames are resized to 224 as TensorFlow 1 does, values scaled to [-1, 1]; features are the logits, averaged over
        time (``frechet_video_distance.py`` of Google Research: module output ``RGB/inception_i3d/Mean``).
        """
        images = resize_bilinear(clips.permute(0, 4, 1, 2, 3).float(), SIZE)
        logits: Tensor = self(images / 127.5 - 1)
        return logits

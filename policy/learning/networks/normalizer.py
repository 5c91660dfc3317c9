"""Normalisation of inputs and outputs; the statistics are buffers, so that they are saved with the weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RangeNormalizer(nn.Module):
    """Scales values so that their range over a dataset, at least `smallest`, becomes [-1, 1] (Chi et al. 2023)."""

    low: Tensor
    high: Tensor

    def __init__(self, *shape: int, smallest: float = 1e-2) -> None:
        super().__init__()
        self.smallest = smallest
        self.register_buffer("low", -torch.ones(shape))
        self.register_buffer("high", torch.ones(shape))

    def fit(self, low: Tensor, high: Tensor) -> None:
        """Take the smallest and largest values."""
        middle, half = (low + high) / 2, ((high - low) / 2).clamp_min(self.smallest / 2)
        self.low.copy_(middle - half)
        self.high.copy_(middle + half)

    def forward(self, values: Tensor) -> Tensor:
        """Scale values (..., *shape)."""
        return 2 * (values - self.low) / (self.high - self.low) - 1

    def inverse(self, scaled: Tensor) -> Tensor:
        """Undo `forward`."""
        return (scaled + 1) / 2 * (self.high - self.low) + self.low


class SpreadNormalizer(nn.Module):
    """Scales values to mean 0 and standard deviation 1 (`smallest` at least) over a dataset; clips them to `limit`."""

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, limit: float = 4.0, smallest: float = 1e-3) -> None:
        super().__init__()
        self.limit, self.smallest = limit, smallest
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def fit(self, values: Tensor) -> None:
        """Take the statistics of values (n, size)."""
        self.mean.copy_(values.mean(0))
        self.std.copy_(values.std(0, correction=0).clamp_min(self.smallest))

    def forward(self, values: Tensor) -> Tensor:
        """Scale values (..., size)."""
        return ((values - self.mean) / self.std).clamp(-self.limit, self.limit)

"""The exponential moving average of a model's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedModel:
    """Keeps an averaged copy of a model; the average warms up, so that it is useful from the first steps on.

    Args:
        model: The model to follow.
        decay: Largest decay a step; step n uses min(decay, n / (n + 60)).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move the average towards the model's weights after step `step` (counted from 1)."""
        decay = min(self.decay, step / (step + 60))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - decay)
        for mine, theirs in zip(self.model.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)

"""Keeping one loss's gradient from drowning another's."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]


def with_capped_gradient(loss: Loss, prediction: Tensor, beside: Loss, cap: float = 1.0) -> Tensor:
    """Return a loss whose gradient to the prediction has at most `cap` times the norm of another's.

    The adaptive weight of Esser et al. (2021, Eq. 7) for a perceptual loss beside a reconstruction, here as a cap: a
    smaller gradient stays as it is.

    Args:
        loss: Of the prediction, to a scalar.
        prediction: What the network predicts, any shape.
        beside: The other loss, of the same prediction.
        cap: Positive.

    Returns:
        A scalar with the value of `loss`, and with its gradient times min(1, cap * |other gradient| / |gradient|).
    """
    if not prediction.requires_grad:
        return loss(prediction)
    here = prediction.detach().requires_grad_()
    value = loss(here)
    if not value.requires_grad:
        return value
    (gradient,) = torch.autograd.grad(value, here)
    (other,) = torch.autograd.grad(beside(here), here)
    scale = (cap * other.norm() / gradient.norm().clamp_min(1e-12)).clamp_max(1)
    surrogate = ((prediction - here.detach()) * (scale * gradient)).sum()
    return value.detach() + surrogate

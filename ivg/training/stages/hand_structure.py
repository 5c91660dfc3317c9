"""The hand structure loss on decoded frames (Sec. 3.2), with a gradient through the detector."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...hands.structure import HandStructureDetector
from ...losses import hand_structure_loss
from ..encoded.clips import LatentClips

Loss = Callable[[Tensor], Tensor]

MIN_SIGNAL = 0.1  # Clips with less of the signal left than this fraction (abar_t) do not count


class HandStructure:
    """Compares the hands in generated frames with the keypoints of the training clips.

    The detector looks where the training clip has its hand. Generated joints are given to Eq. 2 times its presence,
    in [0, 1], so that a missing hand has its joints at 0, as in the paper, and the gradient leads towards one.

    Each clip counts with the fraction of the signal at its noise level, abar_t of Eq. 1, above `MIN_SIGNAL`: where
    little is left, the best prediction is a blurred mean, and a hand would be forced out of noise.
    """

    def __init__(self, clips: LatentClips) -> None:
        self._clips = clips
        self._detector = HandStructureDetector()

    def draw_frames(self, clips: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """Draw `count` frames of each clip, int64 (b, count), those that show a hand before others."""
        shown = self._clips.keypoints[clips].isfinite().all(-1).all(-1).any(-1).cpu()
        return (torch.rand(shown.shape, generator=generator) + shown).argsort(1, descending=True)[:, :count]

    def loss(self, images: Tensor, clips: Tensor, frames: Tensor, weight: Tensor) -> Tensor:
        """Return L_hand, the mean over training clips (b,) with weights (b,).

        `images` are their decoded frames number `frames` (b, k), float (b, k, 3, s, s) in [-1, 1].
        """
        device = images.device
        target = self._clips.keypoints[clips][torch.arange(len(clips))[:, None], frames].to(device)
        present = target.isfinite().all(-1).all(-1)
        generated = torch.zeros_like(target)
        if present.any():
            shown = (images.flatten(0, 1).clamp(-1, 1) + 1) / 2
            # on a GPU look at all: for every new number of crops its libraries plan the networks anew, for seconds
            looked_at = torch.ones_like(present) if present.is_cuda else present
            b, k, hand = looked_at.nonzero(as_tuple=True)
            joints = torch.where(present[..., None, None], target, target[present][0])[b, k, hand]
            seen = self._detector.to(device)(shown, b * frames.shape[1] + k, joints)
            found = generated.index_put((b, k, hand), seen.presence[:, None, None] * seen.joints)
            generated = torch.where(present[..., None, None], found, generated)
        return hand_structure_loss(generated, target, present, weight)


def with_capped_gradient(loss: Loss, prediction: Tensor, beside: Loss, cap: float = 1.0) -> Tensor:
    """Return a loss whose gradient to the prediction has at most `cap` times the norm of another's.

    The adaptive weight of Esser et al. (2021, Eq. 7), as a cap. The scalar has the value of `loss`, and its gradient
    times min(1, cap * |other gradient| / |gradient|).
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

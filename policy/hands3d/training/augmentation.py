"""Tracks of rendered clips made as faulty as those of generated ones: jitter, dropped frames, wrong hands."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class NoiseAugmentation:
    """How faulty, at most; each clip draws its own share of it. Lengths are rays at depth 1.

    Attributes:
        true_share: Share of the clips that are shown as the ground truth has them, not as MediaPipe finds them.
        clean_share: Share of the clips without jitter.
        jitter: Standard deviation of each joint's own error. The kitchen's picture is 0.67 wide, so that 0.013 is 2 %.
        sway: The same for the whole hand, frame by frame.
        breathing: The same for the hand's size, as a factor.
        dropped: Share of the frames that are dropped.
        gap: Longest run of frames that is dropped besides.
        strangers: Share of the frames that show another clip's hand.
    """

    true_share: float = 0.3
    clean_share: float = 0.4
    jitter: float = 0.013
    sway: float = 0.01
    breathing: float = 0.08
    dropped: float = 0.3
    gap: int = 4
    strangers: float = 0.02

    def __call__(
        self, found: Tensor, true: Tensor, found_present: Tensor, true_present: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw faulty tracks.

        Args:
            found: Float (b, t, 21, 2), rays as MediaPipe finds them.
            true: Same, as they are.
            found_present: Bool (b, t).
            true_present: Bool (b, t).
            score: Float (b, t), MediaPipe's confidence.

        Returns:
            Rays, presence and confidence of the same shapes; each clip keeps a frame where it had one.
        """
        b, t = found_present.shape
        take_true = (torch.rand(b, 1) < self.true_share) | ~found_present.any(1, keepdim=True)
        rays = torch.where(take_true[..., None, None], true, found)
        present = torch.where(take_true, true_present, found_present)
        rays = self._jittered(rays)
        strange = (torch.rand(b, t) < self.strangers) & present & present.roll(1, 0)
        rays = torch.where(strange[..., None, None], rays.roll(1, 0), rays)
        blind = torch.rand(b, 1) < 0.5
        return rays, self._kept(present), torch.where(take_true | blind, 1.0, score)

    def _jittered(self, rays: Tensor) -> Tensor:
        b, t = rays.shape[:2]
        amount = torch.rand(b, 1, 1, 1) * (torch.rand(b, 1, 1, 1) >= self.clean_share)
        middle = rays.mean(2, keepdim=True)
        size = 1 + amount * self.breathing * torch.randn(b, t, 1, 1)
        moved = middle + (rays - middle) * size + amount * self.sway * torch.randn(b, t, 1, 2)
        return moved + amount * self.jitter * torch.randn(rays.shape)

    def _kept(self, present: Tensor) -> Tensor:
        b, t = present.shape
        dropped = torch.rand(b, t) < self.dropped * torch.rand(b, 1) ** 2
        start, length = torch.randint(0, t, (b, 1)), torch.randint(0, self.gap + 1, (b, 1))
        time = torch.arange(t)
        within = (time >= start) & (time < start + length) & (torch.rand(b, 1) < 0.3)
        kept = present & ~dropped & ~within
        return torch.where(kept.any(1, keepdim=True), kept, present)

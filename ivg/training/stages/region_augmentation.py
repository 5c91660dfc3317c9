"""Regions made a little wrong, so that the clip stage can live with predicted ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def augment_regions(masks: Tensor, *, shift: int, jitter: float, generator: torch.Generator) -> Tensor:
    """Grow or shrink each clip's masks, float (b, t, s, s), 0 or 1, shift them, and let some come early or late.

    They shift by up to half of `shift` pixels together, and again each frame; a fraction `jitter` of the clips is a
    frame early or late.
    """
    clips, frames = masks.shape[:2]
    grow = torch.randint(-1, 3, (clips,), generator=generator)
    late = torch.randint(0, 2, (clips,), generator=generator) * 2 - 1
    jittered = torch.rand(clips, generator=generator) < jitter
    half = (shift + 1) // 2
    steady = torch.randint(-half, half + 1, (clips, 1, 2), generator=generator)
    shaking = torch.randint(-(shift - half), shift - half + 1, (clips, frames, 2), generator=generator)
    masks = _delayed(_grown(masks, grow), late * jittered)
    return _shifted(masks, steady + shaking, shift)


def _grown(masks: Tensor, pixels: Tensor) -> Tensor:
    """Dilate each clip's masks (b, t, s, s) by some pixels (b,); erode them where that is negative."""
    result = masks.clone()
    for wide in pixels.unique().tolist():
        if wide:
            sign = 1 if wide > 0 else -1
            chosen = (pixels == wide).to(masks.device)
            grown = F.max_pool2d(sign * masks[chosen], 2 * abs(wide) + 1, stride=1, padding=abs(wide))
            result[chosen] = sign * grown
    return result


def _delayed(masks: Tensor, frames: Tensor) -> Tensor:
    """Let each clip's masks (b, t, s, s) come a frame later (1) or earlier (-1); frame 0, the context, stays."""
    clips, count = masks.shape[:2]
    source = torch.arange(count)[None] - frames[:, None]
    source[:, 0] = 0
    source[:, 1] = torch.where(frames > 0, 1, source[:, 1])
    return masks[torch.arange(clips)[:, None], source.clamp(max=count - 1)]


def _shifted(masks: Tensor, moves: Tensor, most: int) -> Tensor:
    """Shift every mask (b, t, s, s) by x and y pixels (b, t, 2), at most `most`, with nothing coming in."""
    size = masks.shape[-1]
    start = most + torch.arange(size)
    columns, rows = (start - moves[..., axis, None] for axis in (0, 1))
    wide = F.pad(masks, (most, most, most, most))
    wide = wide.take_along_dim(rows[..., None].to(masks.device), -2)
    return wide.take_along_dim(columns[..., None, :].to(masks.device), -1)

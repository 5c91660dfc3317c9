"""Regions made a little wrong, so that the clip stage can live with predicted ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def augment_regions(masks: Tensor, *, shift: int, jitter: float, generator: torch.Generator) -> Tensor:
    """Grow or shrink each clip's masks, shift them, and let some come a frame early or late.

    Args:
        masks: Float (b, t, s, s), 0 or 1.
        shift: Largest shift in pixels: of half that size for a clip, and again for each frame.
        jitter: Share of the clips whose masks come a frame early or late.
        generator: Where the randomness comes from.

    Returns:
        Masks of the same shape.
    """
    clips, frames = masks.shape[:2]
    grow = torch.randint(-1, 3, (clips,), generator=generator).tolist()
    late = (torch.randint(0, 2, (clips,), generator=generator) * 2 - 1).tolist()
    jittered = (torch.rand(clips, generator=generator) < jitter).tolist()
    half = (shift + 1) // 2
    steady = torch.randint(-half, half + 1, (clips, 1, 2), generator=generator)
    shaking = torch.randint(-(shift - half), shift - half + 1, (clips, frames, 2), generator=generator)
    moves = (steady + shaking).tolist()
    result = []
    for clip, mask in enumerate(masks):
        mask = _grown(mask, grow[clip])
        if jittered[clip]:
            mask = _delayed(mask, late[clip])
        moved = [_shifted(frame, *move) for frame, move in zip(mask, moves[clip], strict=True)]
        result.append(torch.stack(moved))
    return torch.stack(result)


def _grown(masks: Tensor, pixels: int) -> Tensor:
    """Dilate masks (t, s, s) by some pixels; erode them if `pixels` is negative."""
    if pixels == 0:
        return masks
    sign = 1 if pixels > 0 else -1
    return sign * F.max_pool2d(sign * masks, 2 * abs(pixels) + 1, stride=1, padding=abs(pixels))


def _delayed(masks: Tensor, frames: int) -> Tensor:
    """Let masks (t, s, s) come one frame later or earlier; frame 0, the context, keeps its own."""
    moved = torch.roll(masks, frames, 0)
    moved[0] = masks[0]
    edge = 1 if frames > 0 else -1
    moved[edge] = masks[edge]
    return moved


def _shifted(mask: Tensor, x: int, y: int) -> Tensor:
    """Shift a mask (s, s) by x and y pixels, with nothing coming in."""
    height, width = mask.shape
    moved = torch.zeros_like(mask)
    source = mask[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    moved[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)] = source
    return moved

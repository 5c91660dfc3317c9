"""Decoding only where a clip's latents differ from those of a known image: the cost follows the area that moves.

A convolutional decoder without norms and attention (nano's) looks only a few cells far. So what changes is cut out with
a margin, decoded, and put into the known image. Masks are soft: predicted in one step they are the mean of what is
likely, and differ a little from black nearly everywhere. Of these, what counts is where they come near to a half.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CHANGED = 0.3
"""A cell has changed if a channel differs by more; channels have unit spread. In six generated clips, pixels of the
cells below it change by 0.04 at most in 99 of 100 cells, of a range of 1."""

WHITISH = 0.15
"""A cell of a mask may hold a pixel of a half or more if its latent lies further than this from black towards
white. In twelve predicted regions 117 of 190,301 pixels of the cleaned masks differ from those of decoding all."""

MARGIN = 2
"""Cells round what has changed that are decoded with it, so that it sees its neighbours; half of them are kept."""

_STEP = 4
"""Windows are multiples of this wide and high, in cells. A library of kernels makes one for each new shape, which takes
time, and keeps it, which takes memory: of all heights, widths and numbers of frames there would be hundreds."""


def changed_cells(latents: Tensor, known: Tensor) -> NDArray[np.bool_]:
    """Return the cells (t, c, c) where latents (t, z, c, c) differ from known ones, (z, c, c) or (t, z, c, c)."""
    return ((latents - known).abs().amax(1) > CHANGED).cpu().numpy()


def whitish_cells(latents: Tensor, black: Tensor, white: Tensor) -> NDArray[np.bool_]:
    """Return the cells (t, c, c) where masks may hold a pixel of a half or more.

    Latents are float (t, z, c, c), of masks; `black` and `white` (z, c, c) those of plain images.
    """
    direction = white - black
    along = ((latents - black) * direction).sum(1) / direction.square().sum(0)
    return (along > WHITISH).cpu().numpy()


def decode_cells(
    decode: Callable[[Tensor], NDArray[np.float32]],
    latents: Tensor,
    changed: NDArray[np.bool_],
    images: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Decode latents (t, z, c, c) where they have changed, bool (t, c, c); elsewhere keep the known images.

    Args:
        decode: Decodes latents (n, z, h, w) of any h and w to images (n, f h, f w, 3).
        latents: Float (t, z, c, c).
        changed: The cells that differ from the known images'.
        images: Float (t, f c, f c, 3), the known images, as `decode` shows them; overwritten and returned.
    """
    factor = images.shape[1] // changed.shape[1]
    windows = {frame: (_span(cells.any(1)), _span(cells.any(0))) for frame, cells in enumerate(changed) if cells.any()}
    for frames in _batches(windows):
        parts = decode(torch.stack([latents[frame, :, *windows[frame]] for frame in frames]))
        for frame, part in zip(frames, parts, strict=True):
            # Of the margin half is kept, as the other half has seen too little.
            kept = [_with_margin(changed[frame].any(axis), MARGIN // 2) for axis in (1, 0)]
            shown, taken = [], []
            for inner, outer in zip(kept, windows[frame], strict=True):
                shown.append(slice(inner.start * factor, inner.stop * factor))
                taken.append(slice((inner.start - outer.start) * factor, (inner.stop - outer.start) * factor))
            images[frame, *shown] = part[*taken]
    return images


def _batches(windows: dict[int, tuple[slice, slice]]) -> list[list[int]]:
    """Group frames by the size of their windows; in a group are 1, 2, 4, ... of them, so that shapes are few."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for frame, window in windows.items():
        groups.setdefault(tuple(span.stop - span.start for span in window), []).append(frame)
    batches = []
    for frames in groups.values():
        while frames:
            most = 1 << (len(frames).bit_length() - 1)
            batches.append(frames[:most])
            frames = frames[most:]
    return batches


def _with_margin(changed: NDArray[np.bool_], margin: int) -> slice:
    """Return the cells from the first to the last that has changed, with a margin."""
    cells = np.flatnonzero(changed)
    return slice(max(int(cells[0]) - margin, 0), min(int(cells[-1]) + 1 + margin, len(changed)))


def _span(changed: NDArray[np.bool_]) -> slice:
    """Return the cells that have changed, with a margin, a multiple of `_STEP` of them."""
    near = _with_margin(changed, MARGIN)
    wide = min(-(-(near.stop - near.start) // _STEP) * _STEP, len(changed))
    first = min(near.start, len(changed) - wide)
    return slice(first, first + wide)

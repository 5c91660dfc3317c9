"""Putting what the model changes into the input image, so that everything else stays the input's own pixels.

The region of motion is the hull of the hand (Sec. 3.1.1), but the forearm and moved objects change pixels outside of
it. So what is put in is found frame by frame from what the model changed: the difference between the decoded
generated latents and the context's decoded latents. Both have been through the same decoder, whose errors cancel.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .framing import Framing

WEAK = 0.06
"""A pixel may have changed if the blurred change of a channel exceeds this (of a range of 1, so 15 grey levels)."""

STRONG = 0.16
"""A connected area is taken for changed if its change exceeds this somewhere, or if it overlaps the region."""

MIN_AREA = 10  # areas of fewer pixels, at the model's size, are left out

_GROW = 5
_FEATHER = 1.2
_COVER = (0.06, 0.18)


def change_matte(change: NDArray[np.float32], region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return where a frame has changed: float (s, s), 0 where the context stays, 1 inside, with a feathered edge.

    `change`, float (s, s, 3), is the generated frame less the reconstructed context, of a range of 1; `region`, bool
    (s, s), the frame's region of motion.
    """
    amount = _amount(change)
    candidates = ((amount > WEAK) | region).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates, connectivity=8)
    kept = np.zeros(count, bool)
    kept[np.unique(labels[(amount > STRONG) | region])] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= MIN_AREA
    kept[0] = False
    matte = cv2.dilate(kept[labels].astype(np.float32), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GROW, _GROW)))
    return np.asarray(cv2.GaussianBlur(matte, (7, 7), _FEATHER), dtype=np.float32)


def composite(
    context: NDArray[np.uint8],
    generated: NDArray[np.float32],
    change: NDArray[np.float32],
    matte: NDArray[np.float32],
    framing: Framing,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Put a generated frame into the context image uint8 (h, w, 3), at the image's own size.

    Inside the matte (s, s), of `change_matte`, a pixel that has changed much shows the generated image; one that has
    changed little (a shadow) shows the context with the change added, which keeps its fine detail. Outside of the matte
    not a bit changes. `generated` is float (s, s, 3) in [0, 1]; `change` is what is left of it without the
    reconstructed context.

    Returns:
        The frame uint8 (h, w, 3), and bool (h, w), true where it may differ from the context.
    """
    back_matte = framing.back(matte)
    changed = back_matte > 0
    frame = context.copy()
    if not changed.any():
        return frame, changed
    rows, columns = (np.flatnonzero(changed.any(axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    strength = np.clip((_amount(change) - _COVER[0]) / (_COVER[1] - _COVER[0]), 0, 1).astype(np.float32)
    # One copy for each channel: numpy is slow where it repeats so short an axis by itself.
    soft, cover = (cv2.merge([values[box]] * 3) for values in (back_matte, framing.back(strength)))
    generated, change = framing.back(generated)[box], framing.back(change)[box]
    original = context[box].astype(np.float32) / 255
    shown = cover * generated + (1 - cover) * (original + change)
    blended = original + soft * (shown - original)
    frame[box] = np.where(soft > 0, np.clip(np.rint(blended * 255), 0, 255).astype(np.uint8), context[box])
    return frame, changed


def _amount(change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each pixel (s, s) of a change (s, s, 3) has changed: the most of its channels, blurred."""
    red, green, blue = cv2.split(np.abs(change))  # numpy's own maximum over so short an axis is slow
    return np.asarray(cv2.GaussianBlur(np.maximum(np.maximum(red, green), blue), (0, 0), 1.0))

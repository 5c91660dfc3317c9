"""Cosine similarities of embeddings: what CLIP-to-GT, CLIP-to-consecutive, CLIP-to-text, BLIP and EgoVLP are made of.

Each is the mean over a clip's frames (or the clip itself) of the cosine of two embeddings of one network (the paper,
Sec. 4); the network gives the figure its name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


def cosines(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns the cosines of embeddings along the last axis, in [-1, 1]; shapes (..., d) broadcast.

    Raises:
        InputError: If the widths differ, or an embedding is zero and so has no direction.
    """
    if first.shape[-1] != second.shape[-1]:
        raise InputError(f"embeddings must have one width, got {first.shape[-1]} and {second.shape[-1]}")
    unit = []
    for embeddings in (first, second):
        length = np.linalg.norm(embeddings.astype(np.float64), axis=-1, keepdims=True)
        if not (length > 0).all():
            raise InputError("an embedding is zero or not finite: it has no direction")
        unit.append(embeddings / length)
    return np.clip((unit[0] * unit[1]).sum(-1), -1.0, 1.0)


def similarity_to_truth(generated: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Returns the mean cosine of each generated frame or clip with the true one: embeddings (..., d), one shape."""
    if generated.shape != truth.shape:
        raise InputError(f"both must have one shape, got {generated.shape} and {truth.shape}")
    return float(cosines(generated, truth).mean())


def similarity_of_consecutive(frames: NDArray[np.floating]) -> float:
    """Returns the mean cosine of each frame with the next one of its clip: embeddings (clips, t, d), t at least 2."""
    if frames.ndim != 3 or frames.shape[1] < 2:
        raise InputError(f"frames must have shape (clips, t, d) with t at least 2, got {frames.shape}")
    return float(cosines(frames[:, 1:], frames[:, :-1]).mean())


def similarity_to_text(frames: NDArray[np.floating], texts: NDArray[np.floating]) -> float:
    """Returns the mean cosine of each frame with its clip's text: embeddings (clips, t, d) and (clips, d)."""
    if frames.ndim != 3 or len(frames) != len(texts):
        raise InputError(f"there must be a text for each clip, got {frames.shape} and {texts.shape}")
    return float(cosines(frames, texts[:, None]).mean())

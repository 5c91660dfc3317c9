"""Distances of sets of features: the Fréchet distance (FID, FVD) and cosine similarities (CLIP, BLIP, EgoVLP)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


def frechet_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Squared Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500, Eq. 6).

    ``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))``, with unbiased covariances. No matrix root is taken: with centred
    and scaled features A and B, ``S1 = A^T A`` and ``S2 = B^T B``, the trace of the root is the sum of the singular
    values of ``A B^T``, which stays exact where the covariances are singular. Features are (n, d) and (m, d); the
    distance is in squared units of them, never negative, computed in float64.

    Raises:
        InputError: If the shapes do not fit, a set has fewer than two samples, or a feature is not finite.
    """
    for name, features in (("first", first), ("second", second)):
        if features.ndim != 2 or len(features) < 2:
            raise InputError(f"{name} must have shape (n, d) with n at least 2, got {features.shape}")
        if not np.isfinite(features).all():
            raise InputError(f"{name} must be finite, got {np.count_nonzero(~np.isfinite(features))} that are not")
    if first.shape[1] != second.shape[1]:
        raise InputError(f"both sets must have features of one width, got {first.shape[1]} and {second.shape[1]}")
    one, other = _root(first), _root(second)
    means = np.square(first.mean(0, dtype=np.float64) - second.mean(0, dtype=np.float64)).sum()
    spreads = np.square(one).sum() + np.square(other).sum()
    shared = np.linalg.svd(one @ other.T, compute_uv=False).sum()
    return max(0.0, float(means + spreads - 2 * shared))


def _root(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns R, (min(n, d), d), with ``R^T R`` the covariance of features (n, d)."""
    centred = (features - features.mean(0, dtype=np.float64)) / np.sqrt(len(features) - 1)
    return np.asarray(np.linalg.qr(centred, mode="r")) if len(centred) > centred.shape[1] else centred


def frechet_warning(samples: int, dimensions: int) -> str:
    """Returns a warning if there are no more samples than features, so that the covariance is singular, else "".

    The estimate is biased upwards by an amount that depends on the number of samples (Chong and Forsyth,
    *Effectively Unbiased FID and Inception Score*, 2020), so that such figures compare only with one another.
    """
    if samples > dimensions:
        return ""
    counts = f"{samples} samples for {dimensions} features"
    return f"{counts}: biased upwards, compare only with figures over as many samples"


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

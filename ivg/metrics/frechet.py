"""Fréchet distance of two sets of features: what FID and FVD are, each over the features of its own network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


@dataclass(frozen=True)
class FrechetDistance:
    """A Fréchet distance with what it takes to judge it.

    Attributes:
        value: The squared distance, in squared units of the features, never negative.
        samples: Samples in the smaller set.
        dimensions: Width of the features.
    """

    value: float
    samples: int
    dimensions: int

    @property
    def warning(self) -> str:
        """What to beware of, empty if nothing: a covariance of fewer samples than features is singular.

        The estimate is biased upwards by an amount that depends on the number of samples (Chong and Forsyth,
        *Effectively Unbiased FID and Inception Score*, 2020), so that such figures compare only with one another.
        """
        if self.samples > self.dimensions:
            return ""
        return (
            f"{self.samples} samples for {self.dimensions} features: biased upwards, compare only with figures "
            "over as many samples"
        )


def frechet_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> FrechetDistance:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500, Eq. 6).

    ``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))``, with unbiased covariances. No matrix root is taken: with centred
    and scaled features A and B, ``S1 = A^T A`` and ``S2 = B^T B``, the trace of the root is the sum of the singular
    values of ``A B^T``, which stays exact where the covariances are singular.

    Args:
        first: (n, d), n at least 2.
        second: (m, d), m at least 2.

    Returns:
        The distance (the squared one, as FID and FVD have it), computed in float64.

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
    value = max(0.0, float(means + spreads - 2 * shared))
    return FrechetDistance(value, min(len(first), len(second)), first.shape[1])


def _root(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns R, (min(n, d), d), with ``R^T R`` the covariance of features (n, d)."""
    centred = (features - features.mean(0, dtype=np.float64)) / np.sqrt(len(features) - 1)
    return np.asarray(np.linalg.qr(centred, mode="r")) if len(centred) > centred.shape[1] else centred

"""How sure a share of successes is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ivg.errors import InputError

Z_95 = 1.959964
"""Normal quantile of a two-sided interval of 95 %."""


def wilson_interval(successes: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927; Brown, Cai & DasGupta 2001, Eq. 4).

    Args:
        successes: Of the trials.
        count: Trials; with none, the interval is (0, 1).
        z: Quantile of the normal distribution.

    Raises:
        InputError: If there are fewer than no successes, or more than trials.
    """
    if not 0 <= successes <= count:
        raise InputError(f"successes must be from 0 to the number of trials ({count}), got {successes}")
    if not count:
        return 0.0, 1.0
    share, square = successes / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class SuccessRate:
    """A share of successes.

    Attributes:
        successes: How many.
        count: Of how many.
    """

    successes: int
    count: int

    @property
    def value(self) -> float:
        """In [0, 1]; NaN of nothing."""
        return self.successes / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson interval of 95 %."""
        return wilson_interval(self.successes, self.count)

    @property
    def as_json(self) -> dict[str, float]:
        """All of it, as JSON can hold it."""
        low, high = self.interval
        return {"successes": self.successes, "count": self.count, "share": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        """Write "62 % (51 to 72)"."""
        low, high = self.interval
        return f"{100 * self.value:.0f} % ({100 * low:.0f} to {100 * high:.0f})"

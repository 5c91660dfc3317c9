"""Running statistics of rows, as LeRobot keeps them to normalise by; memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..episode import RobotEpisode

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
SAMPLE_ROWS = 8192  # that quantiles are taken from: all while there are no more, else a random sample
SAMPLE_IMAGES = 16  # of an episode, that its statistics are taken from
IMAGE_STRIDE = 4  # every so many of their rows and columns


class RunningStatistics:
    """Count, mean, standard deviation, minimum and maximum of all rows (c,), quantiles of a sample of them."""

    def __init__(self) -> None:
        self.count = 0
        self._mean = self._squares = self._min = self._max = np.zeros(0)
        self._sample = np.zeros((0, 0))
        self._rng = np.random.default_rng(0)

    def update(self, rows: NDArray[np.generic]) -> None:
        """Take in rows (n, c), n at least 1; means and squares are merged as in Chan et al. 1979, Eq. 2.1."""
        values = rows.astype(np.float64)
        mean, squares = values.mean(0), ((values - values.mean(0)) ** 2).sum(0)
        if not self.count:
            self._mean, self._squares, self._min, self._max = mean, squares, values.min(0), values.max(0)
        else:
            total, step = self.count + len(values), mean - self._mean
            self._mean = self._mean + step * len(values) / total
            self._squares = self._squares + squares + step**2 * self.count * len(values) / total
            self._min, self._max = np.minimum(self._min, values.min(0)), np.maximum(self._max, values.max(0))
        self._keep(values)
        self.count += len(values)

    def result(self, shape: Sequence[int] | None = None, count: int | None = None) -> dict[str, list[float]]:
        """Return the statistics as nested lists of a `shape` ((c,) if None), and a `count` (of the rows if None)."""
        values = {"min": self._min, "max": self._max, "mean": self._mean}
        values["std"] = np.sqrt(self._squares / max(1, self.count))
        values |= dict(zip(QUANTILES, np.quantile(self._sample, list(QUANTILES.values()), axis=0), strict=True))
        lists = {key: value.reshape(shape or value.shape).tolist() for key, value in values.items()}
        return {**lists, "count": [self.count if count is None else count]}

    def _keep(self, values: NDArray[np.float64]) -> None:
        """Keep each row so far with equal probability (Vitter 1985, algorithm R)."""
        room = SAMPLE_ROWS - len(self._sample)
        if not len(self._sample):
            self._sample = values[:room].copy()
        elif room > 0:
            self._sample = np.concatenate([self._sample, values[:room]])
        late = values[max(0, room) :]
        numbers = self.count + len(values) - len(late) + np.arange(len(late))
        slots = self._rng.integers(0, numbers + 1)
        kept = slots < SAMPLE_ROWS
        self._sample[slots[kept]] = late[kept]


def image_rows(episode: RobotEpisode) -> tuple[NDArray[np.float32], int]:
    """Return pixels of some of an episode's images, float32 (m, 3) in [0, 1], and the number of images."""
    chosen = np.unique(np.linspace(0, len(episode) - 1, SAMPLE_IMAGES).round().astype(int))
    pixels = episode.image[chosen, ::IMAGE_STRIDE, ::IMAGE_STRIDE].reshape(-1, 3)
    return pixels.astype(np.float32) / 255, len(chosen)

"""What every format holds of a step beside image, proprioception and action, and running statistics of such rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import HANDS, JOINTS

from ..episode import PLAN_POINTS, RobotEpisode

UNKNOWN = "unknown"  # id of an environment that is not known

# arrays of `step_arrays` and the numbers in a row of each, all float32
WIDTHS = {
    "phase": 1,  # position in the demonstration, in [0, 1]
    "plan_phase": 1,  # position along the demonstration's plan that the step led to, in [0, 1]
    "demo_path": 8,  # gripper pose of the demonstration's frame nearest to the phase
    "demo_keypoints": len(HANDS) * JOINTS * 2,  # hand joints of that frame: hand, joint, x and y
    "demo_plan": PLAN_POINTS * 8,  # the whole plan, the same in every step
}

# of the 16 numbers of the proprioception
PROPRIO_NAMES = (
    *("x", "y", "z", "qw", "qx", "qy", "qz", "gripper"),
    *(f"joint_{number}" for number in range(1, 8)),
    "time",
)

ACTION_NAMES = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")  # translation, rotation vector, -1 opens, 1 closes
QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
SAMPLE_ROWS = 8192  # that quantiles are taken from: all while there are no more, else a random sample
SAMPLE_IMAGES = 16  # of an episode, that its statistics are taken from
IMAGE_STRIDE = 4  # every so many of their rows and columns


def step_arrays(episode: RobotEpisode) -> dict[str, NDArray[np.float32]]:
    """Return float32 (n, width) for every name of `WIDTHS`."""
    steps, frames = len(episode), episode.demo_frame
    return {
        "phase": episode.phase[:, None],
        "plan_phase": episode.plan_phase[:, None],
        "demo_path": episode.demo_path[frames],
        "demo_keypoints": episode.demo_keypoints[frames].reshape(steps, -1),
        "demo_plan": np.tile(episode.demo_plan.reshape(1, -1), (steps, 1)),
    }


def ends(episode: RobotEpisode) -> NDArray[np.bool_]:
    """Return bool (n,): true in the last step."""
    return np.arange(len(episode)) == len(episode) - 1


def rewards(episode: RobotEpisode) -> NDArray[np.float32]:
    """Return float32 (n,): 1 in the last step of an episode that succeeded, else 0."""
    return (ends(episode) & episode.success).astype(np.float32)


def environment_of(episode: RobotEpisode) -> tuple[str, dict[str, Any]]:
    """Return id (or `UNKNOWN`) and arguments of an episode's environment, from its provenance's ``{"env": ...}``."""
    note = episode.provenance.get("env")
    if not isinstance(note, dict) or not isinstance(note.get("id"), str):
        return UNKNOWN, {}
    return note["id"], {key: value for key, value in note.items() if key != "id"}


def check_image_size(size: tuple[int, ...], episode: RobotEpisode) -> None:
    """Raise an `InputError` if an episode's images have another height and width than `size`."""
    got = episode.image.shape[1:3]
    if got != tuple(size):
        raise InputError(f"all images of a dataset must have one size: {tuple(size)}, got {tuple(got)}")


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

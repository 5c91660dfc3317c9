"""Loading windows to train on: samples per second of our loaders beside common alternatives, on the same data.

    python benchmarks/loading.py --dataset out/kitchen.zarr [--lerobot out/kitchen_lerobot] [--repeats 5]

All give batches of 64 windows in random order: 2 images and proprioceptions, 16 actions. They alternate, `repeats`
times in one process with one thread; printed is the median with its spread. The alternatives are our own code for what
their projects describe:

* plain zarr: a dataset that reads each window's rows from the zarr arrays, as a first script would;
* sequence sampling (diffusion_policy): arrays unpacked into memory, one table of padded windows made in advance, each
  sample cut out and padded by itself, put together by torch's DataLoader (without the demonstration that ours gives);
* LeRobot (needs ``--lerobot``, a dataset that ``ivg-dataset export --format lerobot`` made of the same one, and
  ``--lerobot-python``, the interpreter of an environment with lerobot): its own LeRobotDataset with delta_timestamps
  in torch's DataLoader. It runs in a process of its own, between ours; images come from video or PNG, as exported.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from numpy.typing import NDArray
from report import measure_alternately, spread
from torch.utils.data import DataLoader, Dataset

from ivg.policy.datasets import EpisodeWindows

N_OBS_STEPS, HORIZON, BATCH = 2, 16, 64

Batches = Iterator[Any]


class PlainZarr(Dataset[dict[str, NDArray[Any]]]):
    """Reads each window from the zarr arrays."""

    def __init__(self, path: Path) -> None:
        self.group: Any = zarr.open_group(str(path), mode="r", zarr_format=2)
        self.ends = self.group["meta/episode_ends"][:]

    def __len__(self) -> int:
        """Return the number of steps."""
        return int(self.ends[-1])

    def __getitem__(self, step: int) -> dict[str, NDArray[Any]]:
        """Read a window."""
        episode = int(np.searchsorted(self.ends, step, side="right"))
        first, end = (int(self.ends[episode - 1]) if episode else 0), int(self.ends[episode])
        wanted = np.arange(step - N_OBS_STEPS + 1, step - N_OBS_STEPS + 1 + HORIZON)
        steps = np.clip(wanted, first, end - 1)
        low, high, now = int(steps[0]), int(steps[-1]) + 1, int(steps[N_OBS_STEPS - 1]) + 1
        seen, done = steps[:N_OBS_STEPS] - low, steps - low
        return {
            "image": self.group["data/image"][low:now][seen],
            "proprio": self.group["data/proprio"][low:now][seen],
            "action": self.group["data/action"][low:high][done],
        }


class SequenceSampling(Dataset[dict[str, NDArray[Any]]]):
    """Arrays in memory, a table of windows, samples cut out and padded one by one (Chi et al. 2023)."""

    def __init__(self, path: Path) -> None:
        group: Any = zarr.open_group(str(path), mode="r", zarr_format=2)
        self.arrays = {key: group[f"data/{key}"][:] for key in ("image", "proprio", "action")}
        self.table = self._table(group["meta/episode_ends"][:])

    @staticmethod
    def _table(ends: NDArray[np.int64]) -> NDArray[np.int64]:
        rows, first = [], 0
        for end in ends.tolist():
            for begin in range(first - N_OBS_STEPS + 1, end - N_OBS_STEPS + 1):
                low, high = max(begin, first), min(begin + HORIZON, end)
                rows.append((low, high, low - begin, high - begin))
            first = end
        return np.array(rows, np.int64)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.table)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Cut a window out."""
        low, high, begin, _ = self.table[index].tolist()
        sample = {}
        for key, array in self.arrays.items():
            length = HORIZON if key == "action" else N_OBS_STEPS
            last = min(high, low + length - begin)
            piece = array[low:last]
            if begin > 0 or begin + len(piece) < length:
                padded = np.empty((length, *array.shape[1:]), array.dtype)
                padded[:begin], padded[begin + len(piece) :] = piece[0], piece[-1]
                padded[begin : begin + len(piece)] = piece
                piece = padded
            sample[key] = piece
        return sample


def main() -> None:
    """Print samples a second and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True, help="robot episodes, *.zarr")
    parser.add_argument("--lerobot", type=Path, help="the same, exported for LeRobot")
    parser.add_argument("--lerobot-python", default="python", help="interpreter that has lerobot")
    parser.add_argument("--batches", type=int, default=20, help="timed in each round (plain zarr and LeRobot: a fifth)")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    windows = EpisodeWindows(options.dataset, n_obs_steps=N_OBS_STEPS, horizon=HORIZON)
    loaders: dict[str, Callable[[], Batches]] = {
        "EpisodeWindows.loader": lambda: iter(windows.loader(BATCH)),
        "EpisodeWindows in DataLoader": lambda: _shuffled(windows),
        "sequence sampling (diffusion_policy)": lambda: _shuffled(sampling),
        "plain zarr": lambda: _shuffled(plain),
    }
    sampling, plain = SequenceSampling(options.dataset), PlainZarr(options.dataset)
    _check(windows, sampling, plain)
    fewer = max(2, options.batches // 5)
    rates: dict[str, Callable[[], float]] = {
        name: lambda begin=begin, count=fewer if name == "plain zarr" else options.batches: _rate(begin(), count)
        for name, begin in loaders.items()
    }
    if options.lerobot:
        rates["LeRobot"] = lambda: _lerobot_rate(options, fewer)
    _print(measure_alternately(rates, options.repeats), len(windows))


def _shuffled(dataset: Any) -> Batches:
    return iter(DataLoader(dataset, BATCH, shuffle=True, drop_last=True))


def _check(windows: EpisodeWindows, *others: Any) -> None:
    """Refuse to compare loaders that do not give the same samples."""
    for index in np.linspace(0, len(windows) - 1, 40).astype(int).tolist():
        ours = windows[index]
        for other in others:
            for key, value in other[index].items():
                np.testing.assert_array_equal(value, ours[key])


def _rate(batches: Batches, count: int) -> float:
    next(batches)
    began = time.perf_counter()
    for _ in range(count):
        next(batches)
    return BATCH * count / (time.perf_counter() - began)


LEROBOT = """
import json, sys, time
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset
torch.set_num_threads(1)
root, count, batch, observed, horizon = sys.argv[1], *map(int, sys.argv[2:])
fps = json.load(open(f"{root}/meta/info.json"))["fps"]
first = LeRobotDataset("ivg/benchmark", root=root)
seen = [(i - observed + 1) / fps for i in range(observed)]
done = [(i - observed + 1) / fps for i in range(horizon)]
keys = {key: seen for key in first.meta.camera_keys} | {"observation.state": seen, "action": done}
dataset = LeRobotDataset("ivg/benchmark", root=root, delta_timestamps=keys)
loader = iter(torch.utils.data.DataLoader(dataset, batch, shuffle=True))
next(loader)
began = time.perf_counter()
for _ in range(count):
    next(loader)
print(json.dumps(batch * count / (time.perf_counter() - began)))
"""
"""What is run with the interpreter that has lerobot."""


def _lerobot_rate(options: argparse.Namespace, count: int) -> float:
    numbers = [str(value) for value in (count, BATCH, N_OBS_STEPS, HORIZON)]
    command = [options.lerobot_python, "-c", LEROBOT, str(options.lerobot), *numbers]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"LeRobot's loader failed:\n{done.stderr[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def _print(rates: dict[str, NDArray[np.float64]], windows: int) -> None:
    best = rates["EpisodeWindows.loader"]
    print(f"{windows} windows; batches of {BATCH}: {N_OBS_STEPS} observations, {HORIZON} actions; one thread")
    print(f"{'loader':38} {'samples/s':>28} {'ours is':>10}")
    for name, values in rates.items():
        print(f"{name:38} {spread(values, '{:.0f}'):>28} {np.median(best / values):8.2f} x")


if __name__ == "__main__":
    main()

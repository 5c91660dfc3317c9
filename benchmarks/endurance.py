"""Whether memory stays flat: an hour of demonstrations in one process, and a thousand resets of the kitchen.

    python benchmarks/endurance.py [--minutes 60] [--resets 1000] [--threads 2] [--table docs/trust.md]

Frames come from a few kitchens and change their size, sentences from the tasks, seeds from 0 on. What the process
holds (VmRSS, Linux) is looked at every minute and every few resets, once the first demonstrations and resets have
warmed it up. Both parts have a process of their own.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from report import memory_mib, report

from ivg.envs.kitchen.tasks import TASKS
from ivg.io.page_table import opens
from ivg.policy import DemoGenerator

KITCHEN = "ivg.envs:ivg/Kitchen-v0"
WARM_UP = 40
"""Demonstrations and resets that do not count: caches fill, libraries take their memory."""

SIZES = (96, 128, 256)
"""Sides of the frames, px, in turn."""


@dataclass(frozen=True)
class Course:
    """How a process's memory went.

    Attributes:
        what: What it did.
        counts: float64 (n,), how often it was done when it was looked at, from the warm-up on.
        hours: float64 (n,), the time then.
        mib: float64 (n,), MiB held then.
    """

    what: str
    counts: NDArray[np.float64]
    hours: NDArray[np.float64]
    mib: NDArray[np.float64]

    def slope(self, over: NDArray[np.float64]) -> float:
        """Return MiB an hour, or each time, of the straight line through the second half (of few looks: all)."""
        later = slice(len(over) // 2 if len(over) >= 8 else 0, None)
        return float(np.polyfit(over[later], self.mib[later], 1)[0])

    @property
    def quarters(self) -> tuple[float, float]:
        """Medians of the first and of the last quarter, MiB."""
        size = max(1, len(self.mib) // 4)
        return float(np.median(self.mib[:size])), float(np.median(self.mib[-size:]))


def main() -> None:
    """Let both parts run, and print how their memory went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of demonstrations (default: %(default)s)")
    parser.add_argument("--resets", type=int, default=1000, help="of the kitchen (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default: %(default)s)")
    table_help = f"a page with the line {opens('load')}, or a new file"
    parser.add_argument("--table", type=Path, metavar="FILE", help=table_help)
    options = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:  # a process for each
        courses = [
            pool.apply(demonstrations, (options.minutes, options.threads)),
            pool.apply(resets, (options.resets,)),
        ]
    note = (
        f"MiB that the process holds (VmRSS) after a warm-up of {WARM_UP} times. Slopes: of the line through the "
        "second half. Quarters: medians of the first and of the last."
    )
    heads = ["one process makes", "times", "minutes", "at first", "at last", "quarters", "an hour", "a thousand times"]
    report("load", heads, [row(course) for course in courses], note, options.table)


def row(course: Course) -> list[str]:
    """Return a course as a row of the table."""
    first, last = course.quarters
    return [
        course.what,
        f"{course.counts[-1]:,.0f}",
        f"{60 * course.hours[-1]:.1f}",
        f"{course.mib[0]:.0f}",
        f"{course.mib[-1]:.0f}",
        f"{first:.0f}, {last:.0f}",
        f"{course.slope(course.hours):+.1f}",
        f"{1000 * course.slope(course.counts):+.1f}",
    ]


def demonstrations(minutes: float, threads: int) -> Course:
    """Generate demonstrations for so many minutes after the warm-up, with changing frames, sentences and seeds."""
    torch.set_num_threads(threads)
    given = list(frames())
    texts = [text for task in TASKS.values() for text in task.texts]
    with DemoGenerator.from_pretrained("nano") as generator:

        def generate(number: int) -> None:
            generator(given[number % len(given)], texts[number % len(texts)], seed=number)

        return watch("demonstrations", generate, lambda number, hours: 60 * hours >= minutes, every_s=60)


def resets(count: int) -> Course:
    """Reset the kitchen so many times after the warm-up, with an image each."""
    env = gymnasium.make(KITCHEN)
    names = list(TASKS)

    def reset(number: int) -> None:
        env.reset(seed=number, options={"task": names[number % len(names)]})

    try:
        return watch("resets of the kitchen", reset, lambda number, hours: number >= count, every=max(1, count // 60))
    finally:
        env.close()


def frames() -> Iterator[NDArray[np.uint8]]:
    """Yield what the camera sees in a kitchen of each task, uint8 (s, s, 3) of several sizes."""
    env = gymnasium.make(KITCHEN)
    for seed, (task, size) in enumerate(zip(TASKS, itertools.cycle(SIZES), strict=False)):
        seen = env.reset(seed=seed, options={"task": task})[0]["image"]
        yield np.asarray(cv2.resize(seen, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    env.close()


def watch(
    what: str,
    do: Callable[[int], None],
    enough: Callable[[int, float], bool],
    *,
    every: int = 1,
    every_s: float = 0.0,
) -> Course:
    """Do something again and again, and look at this process's memory.

    Args:
        what: What it is.
        do: Called with the number of the run, from 0 on.
        enough: Returns, from the runs and hours since the warm-up, whether they suffice.
        every: Minimum number of runs between two looks.
        every_s: Minimum seconds between two looks.
    """
    for number in range(WARM_UP):
        do(number)
    began = time.monotonic()
    looks, count = [(0, 0.0, memory_mib())], 0
    while not enough(count, hours := (time.monotonic() - began) / 3600):
        do(WARM_UP + count)
        count += 1
        if count - looks[-1][0] >= every and 3600 * (hours - looks[-1][1]) >= every_s:
            looks.append((count, (time.monotonic() - began) / 3600, memory_mib()))
            print(f"{what}: {count:6}, {60 * looks[-1][1]:6.1f} minutes, {looks[-1][2]:7.1f} MiB", flush=True)
    looks.append((count, (time.monotonic() - began) / 3600, memory_mib()))
    return Course(what, *np.array(looks, np.float64).T)


if __name__ == "__main__":
    main()

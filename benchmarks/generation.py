"""Robot episodes: what a second worker brings, and whether memory stays flat as episodes grow.

    python benchmarks/generation.py --speed [--attempts 18] [--repeats 3]
    python benchmarks/generation.py --worker-memory [--attempts 300]
    python benchmarks/generation.py --writer-memory [--episodes 2000]

`--speed` makes the same attempts with one worker and with two, in turn, and prints the ratio with its spread; the time
that processes take to start counts in neither. `--worker-memory` makes attempts in this process and prints its memory
on the way. `--writer-memory` lets the one that writes commit made-up episodes of true size.
"""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ivg.envs.kitchen.tasks import TASKS
from ivg.jobs import ONE_THREAD, Processes
from ivg.policy.attempt import Attempt
from ivg.policy.datasets import RobotEpisode
from ivg.workflows.episodes.attempts import SOURCES, EpisodeWorker, GenerateJob, GenerateSettings
from ivg.workflows.episodes.generate import generate_episodes

STEPS, SIZE = 110, 128
MIB = 2**20


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    for name in ("speed", "worker-memory", "writer-memory"):
        what.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--attempts", type=int, default=18)
    parser.add_argument("--episodes", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--source", choices=SOURCES, default="generated")
    parser.add_argument("--samples", type=int, default=1)
    options = parser.parse_args()
    settings = GenerateSettings("kitchen", tuple(TASKS), seed=100_000, source=options.source, samples=options.samples)
    if options.speed:
        speed(settings, options.attempts, options.repeats)
    elif options.worker_memory:
        worker_memory(settings, options.attempts)
    else:
        writer_memory(options.episodes)


def speed(settings: GenerateSettings, attempts: int, repeats: int) -> None:
    """Print how much faster two workers make the same attempts than one."""
    seconds = {workers: [] for workers in (1, 2)}  # type: dict[int, list[float]]
    for _ in range(repeats):
        for workers, taken in seconds.items():
            taken.append(_seconds(settings, attempts, workers))
    ratios = np.array(seconds[1]) / np.array(seconds[2])
    for workers, taken in seconds.items():
        print(f"{workers} worker(s): {3600 * attempts / np.median(taken):.0f} attempts an hour")
    spread = f"{ratios.min():.2f} to {ratios.max():.2f}"
    print(f"ratio {np.median(ratios):.2f} ({spread}), {attempts} attempts, {repeats} turns")


def _seconds(settings: GenerateSettings, attempts: int, workers: int) -> float:
    """Return the time of some attempts from when every process has done its first."""
    jobs = [settings.job(index % attempts) for index in range(workers)] + [settings.job(k) for k in range(attempts)]
    began = 0.0
    for count, _ in enumerate(Processes(workers).run(functools.partial(EpisodeWorker, settings), jobs), 1):
        if count == workers:
            began = time.perf_counter()
    return time.perf_counter() - began


def worker_memory(settings: GenerateSettings, attempts: int) -> None:
    """Print the memory of a worker as its attempts grow."""
    os.environ.update(ONE_THREAD)
    worker = EpisodeWorker(settings)
    for index in range(attempts):
        worker(settings.job(index))
        if index + 1 in (1, 5) or (index + 1) % max(attempts // 10, 1) == 0:
            print(f"{index + 1:6} attempts: {resident() / MIB:.0f} MiB", flush=True)


def writer_memory(episodes: int) -> None:
    """Print the memory of the writing process as episodes of true size grow, and the time of the commits."""

    class MadeUp:
        """A launcher that makes episodes up."""

        workers = 1

        def run(self, make_worker: Any, jobs: Any) -> Iterator[tuple[int, Any]]:
            for index, job in enumerate(jobs):
                if index in (0, 100) or (index and index % max(episodes // 8, 1) == 0):
                    now = time.perf_counter() - began
                    print(f"{index:6} episodes: {resident() / MIB:.0f} MiB, {now:.0f} s", flush=True)
                yield index, Attempt(made_up(job))

    settings = GenerateSettings("kitchen", tuple(TASKS), size=SIZE)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.zarr"
        generate_episodes(path, settings, episodes=episodes, max_attempts=episodes, launcher=MadeUp())
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    print(
        f"{episodes:6} episodes: {resident() / MIB:.0f} MiB, {time.perf_counter() - began:.0f} s, {size / MIB:.0f} MiB"
    )


def made_up(job: GenerateJob) -> RobotEpisode:
    """Return an episode of true size."""
    rng = np.random.default_rng(job.seed)
    noise = rng.integers(0, 256, (STEPS, SIZE, SIZE // 4, 3), np.uint8)
    image = np.repeat(noise, 4, axis=2)
    numbers = {
        "proprio": rng.random((STEPS, 16)),
        "action": rng.random((STEPS, 7)),
        "phase": np.linspace(0, 1, STEPS),
        "plan_phase": np.linspace(0, 1, STEPS),
        "demo_keypoints": rng.random((16, 2, 21, 2)),
        "demo_present": np.ones((16, 2)),
        "demo_path": rng.random((16, 8)),
        "demo_plan": rng.random((32, 8)),
    }
    return RobotEpisode(
        image=image,
        demo_clip=image[:16].copy(),
        task=job.task,
        text=job.text,
        seed=job.seed,
        success=True,
        **{key: value.astype(np.float32) for key, value in numbers.items()},
    )


def resident() -> int:
    """Return the bytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()

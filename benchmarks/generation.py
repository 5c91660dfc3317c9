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
import os
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np

from ivg.envs.kitchen.tasks import TASKS
from ivg.jobs.processes import ONE_THREAD, run_jobs
from ivg.policy.attempt import Attempt
from ivg.policy.datasets import RobotEpisode
from ivg.workflows import generate_worker
from ivg.workflows.generate_pool import generate_episodes
from ivg.workflows.generate_worker import GenerateJob, GenerateSettings

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
    parser.add_argument("--source", choices=generate_worker.SOURCES, default="generated")
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
    import multiprocessing

    enough = multiprocessing.get_context("spawn").Event()
    jobs = [settings.job(index % attempts) for index in range(workers)] + [settings.job(k) for k in range(attempts)]
    began = 0.0
    for count, _ in enumerate(_attempts(jobs, settings, workers, enough), 1):
        if count == workers:
            began = time.perf_counter()
    return time.perf_counter() - began


def _attempts(jobs: list[GenerateJob], settings: GenerateSettings, workers: int, enough: Event) -> Iterator[Any]:
    yield from run_jobs(
        generate_worker.attempt,
        jobs,
        workers=workers,
        start=generate_worker.start,
        arguments=(settings, enough),
    )


def worker_memory(settings: GenerateSettings, attempts: int) -> None:
    """Print the memory of a worker as its attempts grow."""
    import multiprocessing

    os.environ.update(ONE_THREAD)
    generate_worker.start(settings, multiprocessing.get_context("spawn").Event())
    for index in range(attempts):
        generate_worker.attempt(settings.job(index))
        if index + 1 in (1, 5) or (index + 1) % max(attempts // 10, 1) == 0:
            print(f"{index + 1:6} attempts: {resident() / MIB:.0f} MiB", flush=True)


def writer_memory(episodes: int) -> None:
    """Print the memory of the writing process as episodes of true size grow, and the time of the commits."""

    def pool(work: Any, jobs: Any, **_: Any) -> Iterator[tuple[int, Any]]:
        for place, job in enumerate(jobs):
            if place in (0, 100) or (place and place % max(episodes // 8, 1) == 0):
                now = time.perf_counter() - began
                print(f"{place:6} episodes: {resident() / MIB:.0f} MiB, {now:.0f} s", flush=True)
            yield place, Attempt(made_up(job))

    settings = GenerateSettings("kitchen", tuple(TASKS), size=SIZE)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.zarr"
        generate_episodes(path, settings, episodes=episodes, max_attempts=episodes, progress=False, run=pool)
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

"""Forks processes that generate made-up episodes, for the tests to kill.

Reads lines ``DATASET EPISODES WORKERS``; for each it prints ``begun PID``, and ``ended`` when that process is gone.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from test_generate import SETTINGS, FakePool, fake_attempt

from ivg.jobs.processes import run_jobs
from ivg.policy.attempt import Attempt
from ivg.workflows import generate_pool
from ivg.workflows.generate_worker import GenerateJob


def slow_attempt(job: GenerateJob) -> Attempt:
    """Tells which process it is made in."""
    os.write(1, f"worker {os.getpid()}\n".encode())  # at once: several processes write
    time.sleep(0.01)
    return fake_attempt(job)


def run_slowly(work, jobs, *, workers, start, arguments):
    """A real pool of processes that needs no generator."""
    return run_jobs(slow_attempt, jobs, workers=workers)


def generate(path: str, episodes: str, workers: str) -> None:
    """Generates; with workers, in a real pool of processes."""
    generate_pool.COMMIT_EVERY = 4
    generate_pool.generate_episodes(
        Path(path),
        SETTINGS,
        episodes=int(episodes),
        max_attempts=1000,
        workers=max(int(workers), 1),
        progress=False,
        run=run_slowly if int(workers) else FakePool(),
    )


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            generate(*line.split())
            os._exit(0)
        print(f"begun {pid}", flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()

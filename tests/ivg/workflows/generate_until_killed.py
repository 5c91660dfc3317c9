"""Forks processes that generate made-up episodes, for the tests to kill.

Reads lines ``DATASET EPISODES WORKERS``; for each it prints ``begun PID``, and ``ended`` when that process is gone.
"""

import os
import sys
import time
from pathlib import Path

import zarr  # noqa: F401 (once, not in each process that is forked)

sys.path.insert(0, str(Path(__file__).parent))
from test_generate import SETTINGS, FakeLauncher, fake_attempt

from ivg.jobs import Processes
from ivg.policy.attempt import Attempt
from ivg.workflows.episodes import generate as generation
from ivg.workflows.episodes import ledger
from ivg.workflows.episodes.attempts import GenerateJob


def slow_attempt(job: GenerateJob) -> Attempt:
    """Tells which process it is made in."""
    os.write(1, f"worker {os.getpid()}\n".encode())  # at once: several processes write
    time.sleep(0.01)
    return fake_attempt(job)


def slow_worker():
    """A worker that needs no generator."""
    return slow_attempt


class SlowProcesses(Processes):
    """Real processes with that worker."""

    def run(self, make_worker, jobs):
        return super().run(slow_worker, jobs)


def generate(path: str, episodes: str, workers: str) -> None:
    """Generates; with workers, in real processes."""
    ledger.COMMIT_EVERY = 4
    launcher = SlowProcesses(int(workers)) if int(workers) else FakeLauncher()
    generation.generate_episodes(Path(path), SETTINGS, episodes=int(episodes), max_attempts=1000, launcher=launcher)


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

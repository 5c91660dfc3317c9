"""Workers whose processes die: some jobs kill theirs (SIGKILL), the first time or always.

A spawned process imports this by its name, so that this folder has to be on `sys.path`.
"""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

ONCE, ALWAYS = 1, 3
"""Which job kills its process the first time, and which every time."""

MARKS = "IVG_TEST_MARKS"
"""Environment variable: a folder in which is marked who died."""


def die(index: int) -> None:
    """Kill this process if it is the job's turn."""
    mark = Path(os.environ[MARKS]) / str(index)
    if index == ALWAYS or (index == ONCE and not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class Annotator:
    """Does `AnnotationJob`s with made-up clips."""

    def __init__(self, path: Path, *_: Any) -> None:
        from ivg.data.clip_store import ClipStore

        self.store = ClipStore.open(path, mode="r+")

    def __call__(self, job: Any) -> None:
        die(job.index)
        self.store.write(job.index, import_module("small").clip_of(job.index))


def new_attempts() -> Any:
    """Return a worker that does `GenerateJob`s with made-up episodes."""
    return attempt


def attempt(job: Any) -> Any:
    die(job.index)
    return made_up(job)


def made_up(job: Any) -> Any:
    """Return an attempt with an episode that depends on its seed alone."""
    import numpy as np

    from ivg.policy.attempt import Attempt
    from ivg.policy.datasets import RobotEpisode

    rng = np.random.default_rng(job.seed)
    steps = 3 + job.seed % 4
    episode = RobotEpisode(
        image=rng.integers(0, 256, (steps, 16, 16, 3), np.uint8),
        proprio=rng.random((steps, 16)).astype(np.float32),
        action=rng.random((steps, 7)).astype(np.float32),
        phase=np.linspace(0, 1, steps, dtype=np.float32),
        plan_phase=np.linspace(0, 1, steps, dtype=np.float32),
        demo_keypoints=np.zeros((16, 2, 21, 2), np.float32),
        demo_present=np.zeros((16, 2), np.float32),
        demo_path=rng.random((16, 8)).astype(np.float32),
        demo_plan=rng.random((32, 8)).astype(np.float32),
        demo_clip=rng.integers(0, 256, (16, 16, 16, 3), np.uint8),
        task=job.task,
        text=job.text,
        seed=job.seed,
        success=True,
        provenance={"index": job.index, "source": "generated"},
    )
    return Attempt(episode)

"""Attempts robot episodes in a process of its own, like `render_worker` renders clips."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..envs.kitchen.tasks import TASKS
from ..jobs.processes import ONE_THREAD
from ..types import Appearance
from .context import ENVIRONMENTS

if TYPE_CHECKING:
    from ..policy import Demonstration
    from ..policy.attempt import Attempt
    from ..policy.sampling import Demonstrate

SOURCES = ("generated", "truth")
"""Where demonstrations come from: the pipeline, or the rendered person (whose clip goes the same way)."""


HORIZON = 600
"""Steps of an attempt at most, 30 s."""


@dataclass(frozen=True)
class GenerateSettings:
    """What an episode depends on besides its place: attempt k is task ``k % len(tasks)`` with seed ``seed + k``.

    Attributes:
        env: A key of `ENVIRONMENTS`.
        tasks: Names of the environment's tasks, in turn.
        seed: Of attempt 0.
        size: Height and width of the pictures, px.
        source: One of `SOURCES`.
        weights: "nano" or a folder; counts for generated demonstrations only.
        device: Where torch computes.
        depth: Whether the robot has a depth picture of the scene, so that the hand is moved onto what it touches.
        samples: How many demonstrations of a scene are generated at most; more than one only with `depth`.
    """

    env: str
    tasks: tuple[str, ...]
    seed: int = 0
    size: int = 128
    source: str = "generated"
    weights: str = "nano"
    device: str = "cpu"
    depth: bool = True
    samples: int = 1

    def job(self, index: int) -> GenerateJob:
        """Return attempt `index`."""
        return GenerateJob(index, self.tasks[index % len(self.tasks)], self.seed + index)

    @property
    def as_json(self) -> dict[str, Any]:
        """What a dataset is known again by."""
        return {**asdict(self), "tasks": list(self.tasks)}


@dataclass(frozen=True)
class GenerateJob:
    """One attempt.

    Attributes:
        index: Its place in the rotation.
        task: What is to be done.
        seed: Of the scene, the text and the demonstration.
    """

    index: int
    task: str
    seed: int

    @property
    def text(self) -> str:
        """The task in words, one of its sentences that training clips carry; drawn from the seed."""
        texts = TASKS[self.task].texts
        return texts[int(np.random.default_rng([self.seed, 0x7E87]).integers(len(texts)))]


class _Worker:
    def __init__(self, settings: GenerateSettings) -> None:
        import cv2
        import torch

        from ..policy.hands3d.lifting import HandLifter

        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.demonstrate = demonstrations(settings)
        self.env: gymnasium.Env[Any, Any] = gymnasium.make(
            f"ivg.envs:{ENVIRONMENTS[settings.env]}",
            camera_size=settings.size,
            horizon=HORIZON,
            disable_env_checker=True,
        )

    def attempt(self, job: GenerateJob) -> Attempt:
        from ..policy.attempt import attempt_episode

        settings, env_id = self.settings, ENVIRONMENTS[self.settings.env]
        notes = {"index": job.index, "source": settings.source, "env": {"id": env_id, "camera_size": settings.size}}
        return attempt_episode(
            self.env,
            self.demonstrate(job),
            job.text,
            job.seed,
            lifter=self.lifter,
            depth=self.env.unwrapped.depth if settings.depth else None,  # type: ignore[attr-defined]
            samples=settings.samples,
            notes=notes,
            options={"task": job.task},
        )


def demonstrations(settings: GenerateSettings) -> Callable[[GenerateJob], Demonstrate]:
    """Return what gives, for each attempt, its source of demonstrations."""
    return _generated(settings) if settings.source == "generated" else _true(settings)


def _generated(settings: GenerateSettings) -> Callable[[GenerateJob], Demonstrate]:
    """Return what gives, for each attempt, the generator."""
    from ..policy import DemoGenerator

    generator = DemoGenerator.from_pretrained(settings.weights, device=settings.device)
    return lambda job: generator


def _true(settings: GenerateSettings) -> Callable[[GenerateJob], Demonstrate]:
    """Return what gives, for each attempt, a person who acts its task in its scene, seen by MediaPipe."""
    from ..envs.human.demonstrator import HumanDemonstrator
    from ..hands import MediaPipeHands
    from ..policy.extraction import demonstration_of_clip
    from ..policy.provenance import describe_appearance, versions
    from .render_worker import record_of

    demonstrator, detector = HumanDemonstrator(size=settings.size), MediaPipeHands()

    def render(job: GenerateJob) -> Demonstration:
        clip = demonstrator.render(job.task, job.seed)
        appearance = record_of(clip, source="kitchen").appearance
        assert appearance is not None
        made = {"seed": job.seed, "appearance": describe_appearance(Appearance.from_vector(appearance))}
        return demonstration_of_clip(clip.frames, clip.fps, detector, {**made, "versions": versions()})

    def demonstrate(job: GenerateJob) -> Demonstrate:
        def of_scene(
            frame: NDArray[np.uint8], text: str, seed: int = 0, appearance: Appearance | None = None
        ) -> Demonstration:
            return render(job)

        return of_scene

    return demonstrate


_workers: list[_Worker] = []  # the one of this process
_enough: list[Event] = []  # set by the parent when no further attempt is wanted


def start(settings: GenerateSettings, enough: Event) -> None:
    """Prepares this process: generator or demonstrator, detector, lifter. Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ONE_THREAD)
    _workers[:], _enough[:] = [_Worker(settings)], [enough]


def attempt(job: GenerateJob) -> Attempt:
    """Makes one attempt; an error in it is its result, so that a long run goes on."""
    from ..policy.attempt import Attempt

    if _enough[0].is_set():
        return Attempt(None, "crashed", "not begun")  # the pool had it in its queue; nobody reads this
    try:
        return _workers[0].attempt(job)
    except Exception as error:  # the parent stops if this goes on
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return Attempt(None, "crashed", f"{type(error).__name__}: {error} ({place})")

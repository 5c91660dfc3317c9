"""Attempts at robot episodes: demonstrations of a source, followed by the robot."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from ...envs.kitchen.tasks import TASKS
from ...errors import InputError
from ...io.checks import check_positive
from ...policy.attempt import Attempt, attempt_episode
from ...policy.extraction import demonstration_of_clip
from ...policy.provenance import describe_appearance, versions
from ...policy.sampling import SAMPLES, Demonstrate
from ...types import Appearance
from ..demo.context import ENVIRONMENTS

if TYPE_CHECKING:
    from ...policy import Demonstration

SOURCES = ("generated", "truth")
"""Where demonstrations come from: the generator, or the rendered person (whose clip is processed alike)."""

HORIZON = 600  # steps of an attempt at most, 30 s


def resolve_samples(samples: int | None, depth: bool) -> int:
    """Return how many demonstrations of a scene are made at most; for None 1 without depth, else as for `best_of_n`.

    Raises:
        InputError: The number is not positive, or above 1 without the scene's depth, by which samples are compared.
    """
    if samples is None:
        return SAMPLES if depth else 1
    check_positive(samples=samples)
    if samples > 1 and not depth:
        raise InputError(f"{samples} samples cannot be compared without depth; ask for 1")
    return samples


@dataclass(frozen=True)
class GenerateSettings:
    """What an episode depends on besides its index: attempt k is task ``k % len(tasks)`` with seed ``seed + k``.

    Attributes:
        env: A key of `ENVIRONMENTS`.
        tasks: Names of the environment's tasks.
        seed: Of attempt 0.
        size: Height and width of the images, px.
        source: One of `SOURCES`.
        weights: "nano" or a folder; counts for generated demonstrations only.
        device: Where torch computes.
        depth: Whether the robot has a depth image of the scene, so that the hand is moved onto what it touches.
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
        """What identifies a dataset's settings."""
        return {**asdict(self), "tasks": list(self.tasks)}


@dataclass(frozen=True)
class GenerateJob:
    """One attempt at a task; the seed is that of the scene, the text and the demonstration."""

    index: int
    task: str
    seed: int

    @property
    def text(self) -> str:
        """The task in words, one of its sentences that training clips carry; drawn from the seed."""
        texts = TASKS[self.task].texts
        return texts[int(np.random.default_rng([self.seed, 0x7E87]).integers(len(texts)))]


def make_kitchen(env: str, size: int, **options: Any) -> gymnasium.Env[Any, Any]:
    """Make an environment, a key of `ENVIRONMENTS`, with cameras of `size` px; options as its class has them."""
    return gymnasium.make(f"ivg.envs:{ENVIRONMENTS[env]}", disable_env_checker=True, camera_size=size, **options)


class EpisodeWorker:
    """A worker that attempts episodes."""

    def __init__(self, settings: GenerateSettings) -> None:
        from ...policy.hands3d.lifting import HandLifter

        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.demonstrate = demonstrations(settings)
        self.env = make_kitchen(settings.env, settings.size, horizon=HORIZON)

    def __call__(self, job: GenerateJob) -> Attempt:
        """Make one attempt."""
        settings, env_id = self.settings, ENVIRONMENTS[self.settings.env]
        depth = self.env.unwrapped.depth if settings.depth else None  # type: ignore[attr-defined]
        return attempt_episode(
            self.env,
            self.demonstrate(job),
            job.text,
            job.seed,
            lifter=self.lifter,
            depth=depth,
            samples=settings.samples,
            notes={"index": job.index, "source": settings.source, "env": {"id": env_id, "camera_size": settings.size}},
            options={"task": job.task},
        )


def demonstrations(settings: GenerateSettings) -> Callable[[GenerateJob], Demonstrate]:
    """Return what gives, for each attempt, its source of demonstrations: the generator, or the rendered person."""
    if settings.source != "generated":
        return _rendered(settings)
    from ...policy import DemoGenerator

    generator = DemoGenerator.from_pretrained(settings.weights, device=settings.device)
    return lambda job: generator


def _rendered(settings: GenerateSettings) -> Callable[[GenerateJob], Demonstrate]:
    """As `demonstrations`: a person who acts the task in the scene, tracked by MediaPipe."""
    from ...envs.human.demonstrator import HumanDemonstrator
    from ...hands import MediaPipeHands
    from ..clips.records import record_of

    demonstrator, detector = HumanDemonstrator(size=settings.size), MediaPipeHands()

    def render(job: GenerateJob, *_: Any, **__: Any) -> Demonstration:
        clip = demonstrator.render(job.task, job.seed)
        appearance = record_of(clip, source="kitchen").appearance
        assert appearance is not None
        made = {"seed": job.seed, "appearance": describe_appearance(Appearance.from_vector(appearance))}
        return demonstration_of_clip(clip.frames, clip.fps, detector, {**made, "versions": versions()})

    return lambda job: functools.partial(render, job)

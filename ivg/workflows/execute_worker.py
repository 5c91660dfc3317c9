"""Lets the robot do what a demonstration shows, in a process of its own, like `generate_worker` attempts episodes."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..jobs.processes import ONE_THREAD
from ..types import HANDS, Camera
from .context import ENVIRONMENTS
from .generate_worker import HORIZON, GenerateJob, GenerateSettings, demonstrations

if TYPE_CHECKING:
    from ..policy.control import GripperPlan
    from ..policy.evaluation import Outcome
    from ..policy.sampling import Demonstrate

ELSEWHERE = 7_000_000
"""Added to a scene's seed for the kitchen that "elsewhere" is in."""


@dataclass(frozen=True)
class ExecuteSettings:
    """What every process needs to know.

    Attributes:
        env: A key of `ENVIRONMENTS`.
        weights: Of the generator: "nano" or a folder.
        size: Height and width of the pictures, px.
        device: Where the generator computes.
    """

    env: str = "kitchen"
    weights: str = "nano"
    size: int = 256
    device: str = "cpu"


@dataclass(frozen=True)
class ExecuteJob:
    """One attempt.

    Attributes:
        source: What is followed, a key of `ivg.workflows.execute_sources.SOURCES`.
        task: What is to be done.
        seed: Of the scene.
        name: What the outcome is kept under: the generator's weights and the pictures' size.
    """

    source: str
    task: str
    seed: int
    name: str = "nano, 256 px"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """As `Outcome.key`."""
        return self.name, self.source, self.task, self.seed

    def outcome(self, reason: str, detail: str = "", steps: int = 0, seconds: float = 0.0) -> Outcome:
        """Return what came of it."""
        from ..policy.evaluation import Outcome

        return Outcome(*self.key, reason, detail, steps, round(seconds, 2))


class _Worker:
    """What this process keeps: an environment, the person, the lifter, sources that it has met."""

    def __init__(self, settings: ExecuteSettings) -> None:
        import cv2
        import torch

        from ..policy.hands3d.lifting import HandLifter

        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.sources: dict[str, Callable[[GenerateJob], Demonstrate]] = {}
        self.demonstrator: Any = None
        name = f"ivg.envs:{ENVIRONMENTS[settings.env]}"
        options: dict[str, Any] = {
            "camera_size": settings.size,
            "image": False,
            "render_mode": "rgb_array",
            "horizon": HORIZON,
        }
        self.env: gymnasium.Env[Any, Any] = gymnasium.make(name, disable_env_checker=True, **options)

    def run(self, job: ExecuteJob) -> Outcome:
        from ..policy.control import execute
        from ..policy.extraction import NoHandError

        began = time.perf_counter()
        observation, info = self.env.reset(seed=job.seed, options={"task": job.task})
        frame, camera = np.asarray(self.env.render()), Camera(**info["camera"])
        try:
            plan = self._plan(job, frame, camera)
        except NoHandError as error:
            return job.outcome("no_hand", str(error), seconds=time.perf_counter() - began)
        done = execute(self.env.unwrapped, plan, observation)  # type: ignore[arg-type]
        reason = "" if done.success else "not_done"
        return job.outcome(reason, plan.interaction_type, len(done), time.perf_counter() - began)

    def _plan(self, job: ExecuteJob, frame: NDArray[np.uint8], camera: Camera) -> GripperPlan:
        from ..policy.control import plan_demonstration, plan_gripper
        from ..policy.retargeting.refinement import refine_contact
        from ..policy.sampling import SAMPLES, best_of_n

        depth = self.env.unwrapped.depth()  # type: ignore[attr-defined]
        if job.source in ("path", "elsewhere"):
            joints = self._true_joints(job.task, job.seed + (ELSEWHERE if job.source == "elsewhere" else 0))
            contact = refine_contact(joints, depth, camera)
            seen = () if contact.found else (frame, camera)
            return plan_gripper(contact.joints_world_m, *seen, deeper_m=contact.deeper_m)
        attempt = GenerateJob(0, job.task, job.seed)
        demonstrate = self._source("truth" if job.source == "truth" else "generated", job.task)(attempt)
        samples = SAMPLES if job.source == "chosen" else 1
        return plan_demonstration(
            best_of_n(
                demonstrate,
                frame,
                attempt.text,
                camera,
                seed=job.seed,
                lifter=self.lifter,
                depth=None if job.source == "colour" else depth,
                samples=samples,
            )
        )

    def _source(self, name: str, task: str) -> Callable[[GenerateJob], Demonstrate]:
        """Return what gives demonstrations, loaded when it is first asked for."""
        if name not in self.sources:
            settings = GenerateSettings(
                self.settings.env,
                (task,),
                size=self.settings.size,
                source=name,
                weights=self.settings.weights,
                device=self.settings.device,
            )
            self.sources[name] = demonstrations(settings)
        return self.sources[name]

    def _true_joints(self, task: str, seed: int) -> NDArray[np.floating]:
        """Return the joints of the person who acts a task in its scene; frame 0 shows no hand."""
        if self.demonstrator is None:
            from ..envs.human.demonstrator import HumanDemonstrator

            self.demonstrator = HumanDemonstrator(size=32)
        clip = self.demonstrator.render(task, seed)
        joints: NDArray[np.floating] = clip.joints_world_m[:, HANDS.index(clip.side)].copy()
        joints[0] = np.nan
        return joints


_workers: list[_Worker] = []  # the one of this process


def start(settings: ExecuteSettings) -> None:
    """Prepares this process. Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ONE_THREAD)
    _workers[:] = [_Worker(settings)]


def run(job: ExecuteJob) -> Outcome:
    """Makes one attempt; an error in it is its outcome, and counts as a failure."""
    try:
        return _workers[0].run(job)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return job.outcome("crashed", f"{type(error).__name__}: {error} ({place})")

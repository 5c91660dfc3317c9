"""Rolls policies out in a process of its own, like `generate_worker` attempts episodes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

from ..errors import IvgError
from ..jobs.processes import ONE_THREAD
from .context import ENVIRONMENTS
from .generate_worker import GenerateJob, GenerateSettings, demonstrations

if TYPE_CHECKING:
    from ..policy.conditioning.cache import ObservedDemonstration
    from ..policy.conditioning.observation import DemonstrationArrays
    from ..policy.evaluation import Outcome
    from ..policy.learning import ChunkPolicy

NOTHING = "none"
"""The source of no demonstration."""


@dataclass(frozen=True)
class EvaluateSettings:
    """What every process needs to know.

    Attributes:
        env: A key of `ENVIRONMENTS`.
        weights: Of the generator: "nano" or a folder.
        cache: Folder for demonstrations.
        depth: Whether the scene's depth picture is known when a demonstration is watched.
        samples: How many demonstrations of a scene are generated at most.
        device: Where the generator computes.
    """

    env: str
    weights: str
    cache: Path
    depth: bool = True
    samples: int = 1
    device: str = "cpu"


@dataclass(frozen=True)
class RolloutJob:
    """One rollout.

    Attributes:
        policy: Folder of the policy.
        name: Its name in the outcomes.
        source: Of its demonstration: "generated", "truth" or `NOTHING`.
        task: What is to be done.
        seed: Of the scene, the text and the demonstration.
        size: Height and width of the camera's pictures, px.
        max_steps: Time.
    """

    policy: Path
    name: str
    source: str
    task: str
    seed: int
    size: int
    max_steps: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        """As `Outcome.key`."""
        return self.name, self.source, self.task, self.seed

    @property
    def attempt(self) -> GenerateJob:
        """The same scene, text and demonstration as an attempt at an episode."""
        return GenerateJob(0, self.task, self.seed)

    def outcome(self, reason: str, detail: str = "", steps: int = 0, seconds: float = 0.0) -> Outcome:
        """Return what came of it."""
        from ..policy.evaluation import Outcome

        return Outcome(*self.key, reason, detail, steps, round(seconds, 2))


class _NothingToWatchError(IvgError):
    """The clip shows no hand."""


class _Worker:
    """What this process keeps: an environment, policies, sources of demonstrations that it has met."""

    def __init__(self, settings: EvaluateSettings) -> None:
        import cv2
        import torch

        from ..policy.conditioning.cache import DemonstrationCache
        from ..policy.hands3d.lifting import HandLifter

        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.cache = DemonstrationCache(settings.cache)
        self.policies: dict[Path, ChunkPolicy] = {}
        self.sources: dict[tuple[str, int], Any] = {}
        self.env: gymnasium.Env[Any, Any] | None = None
        self.size = 0

    def roll_out(self, job: RolloutJob) -> Outcome:
        from ..policy.evaluation import rollout

        began = time.perf_counter()
        policy = self._policy(job.policy)
        try:
            done = rollout(
                self._env(job.size),
                policy,
                seed=job.seed,
                max_steps=job.max_steps,
                text=job.attempt.text,
                demonstrate=lambda observation, info: self._demonstration(job, observation, info),
                options={"task": job.task},
            )
        except _NothingToWatchError as error:
            return job.outcome("no_hand", str(error), seconds=time.perf_counter() - began)
        return job.outcome("" if done.success else "not_done", "", done.steps, time.perf_counter() - began)

    def _policy(self, folder: Path) -> ChunkPolicy:
        from ..policy.learning import load_policy

        if folder not in self.policies:
            self.policies[folder] = load_policy(folder)
        return self.policies[folder]

    def _env(self, size: int) -> gymnasium.Env[Any, Any]:
        """Return the environment, made anew only for pictures of another size."""
        from ..policy.evaluation import LazyImages

        if self.env is not None and self.size != size:
            self.env.close()
            self.env = None
        if self.env is None:
            name = f"ivg.envs:{ENVIRONMENTS[self.settings.env]}"
            options: dict[str, Any] = {"camera_size": size, "image": False, "render_mode": "rgb_array"}
            self.env = LazyImages(gymnasium.make(name, disable_env_checker=True, **options))
            self.size = size
        return self.env

    def _demonstration(
        self, job: RolloutJob, observation: Mapping[str, Any], info: Mapping[str, Any]
    ) -> DemonstrationArrays:
        """Return what the policy is shown; made once for a scene, then found in the cache."""
        from ..policy.datasets import no_demonstration

        if job.source == NOTHING:
            return no_demonstration()
        watched = self.cache.get_or_make(self._key(job), lambda: self._make(job, observation, info))
        if not watched.found:
            raise _NothingToWatchError("the clip shows no hand")
        return watched.arrays

    def _key(self, job: RolloutJob) -> str:
        """Return what decides a demonstration, hashed."""
        from .render_pool import envs_fingerprint

        weights = self._source(job)[1]
        described = [
            *(job.source, job.task, job.seed, job.size, weights, self.lifter.provenance, envs_fingerprint()),
            *(self.settings.depth, self._samples(job)),
        ]
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def _samples(self, job: RolloutJob) -> int:
        return self.settings.samples if job.source == "generated" else 1

    def _make(self, job: RolloutJob, observation: Mapping[str, Any], info: Mapping[str, Any]) -> ObservedDemonstration:
        from ..policy.conditioning.cache import ObservedDemonstration
        from ..policy.conditioning.observation import demonstration_observation
        from ..policy.datasets import no_demonstration
        from ..policy.extraction import NoHandError
        from ..policy.sampling import best_of_n
        from ..types import Camera

        assert self.env is not None
        try:
            extracted = best_of_n(
                self._source(job)[0](job.attempt),
                observation["image"],
                job.attempt.text,
                Camera(**info["camera"]),
                seed=job.seed,
                lifter=self.lifter,
                depth=self.env.unwrapped.depth() if self.settings.depth else None,  # type: ignore[attr-defined]
                samples=self._samples(job),
            )
        except NoHandError:
            return ObservedDemonstration(no_demonstration(), found=False)
        return ObservedDemonstration(demonstration_observation(extracted), found=True)

    def _source(self, job: RolloutJob) -> tuple[Any, str]:
        """Return what demonstrates, and what identifies its weights."""
        name = job.source, job.size
        if name not in self.sources:
            settings = GenerateSettings(
                self.settings.env,
                (job.task,),
                size=job.size,
                source=job.source,
                weights=self.settings.weights,
                device=self.settings.device,
            )
            self.sources[name] = demonstrations(settings), _weights_of(settings)
        found: tuple[Any, str] = self.sources[name]
        return found


def _weights_of(settings: GenerateSettings) -> str:
    """Hash the files of the generator's weights; "" where nothing is generated."""
    from ..pipeline import find_weights

    if settings.source != "generated":
        return ""
    digest = hashlib.sha256()
    for path in sorted(find_weights(settings.weights).rglob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_workers: list[_Worker] = []  # the one of this process


def start(settings: EvaluateSettings) -> None:
    """Prepares this process. Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ONE_THREAD)
    _workers[:] = [_Worker(settings)]


def roll_out(job: RolloutJob) -> Outcome:
    """Does one rollout; an error in it is its outcome, and counts as a failure."""
    try:
        return _workers[0].roll_out(job)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return job.outcome("crashed", f"{type(error).__name__}: {error} ({place})")

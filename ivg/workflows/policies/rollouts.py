"""Rollouts of policies, each after the demonstration that the policy is conditioned on."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium

from ...policy.conditioning.cache import DemonstrationCache, ObservedDemonstration
from ...policy.conditioning.observation import DemonstrationArrays, demonstration_observation
from ...policy.datasets import no_demonstration
from ...policy.evaluation import Outcome, rollout
from ...policy.evaluation.rollout import LazyImages
from ...policy.extraction import NoHandError
from ...types import Camera
from ..clips.fingerprint import scenes_fingerprint
from ..episodes.attempts import make_kitchen
from .sources import NOTHING
from .trials import Trial, sources


@dataclass(frozen=True)
class EvaluateSettings:
    """A key of `ENVIRONMENTS`, the generator's weights and device, and how demonstrations are made and kept.

    The folder `cache` is "demonstrations" in the output folder if None; `depth` is whether the scene's depth image is
    known when a demonstration is lifted; at most `samples` of a scene are generated.
    """

    env: str = "kitchen"
    weights: str = "nano"
    cache: Path | None = None
    depth: bool = True
    samples: int = 1
    device: str = "cpu"


DEFAULT_SETTINGS = EvaluateSettings()


@dataclass(frozen=True, kw_only=True)
class RolloutJob(Trial):
    """A trial of the policy in a folder, with images of `size` px, for at most `max_steps` of the environment."""

    policy: Path
    size: int
    max_steps: int


class RolloutWorker:
    """A worker that rolls policies out; it keeps an environment, policies and sources that it has met."""

    def __init__(self, settings: EvaluateSettings) -> None:
        from ...policy.hands3d.lifting import HandLifter
        from ...policy.learning import load_policy

        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        assert settings.cache is not None
        self.cache = DemonstrationCache(settings.cache)
        self.policy = functools.cache(load_policy)
        self.source = sources(settings.env, settings.weights, settings.device)
        self.env: gymnasium.Env[Any, Any] | None = None
        self.size = 0

    def __call__(self, job: RolloutJob) -> Outcome:
        """Do one rollout."""
        began = time.perf_counter()
        try:
            done = rollout(
                self._env(job.size),
                self.policy(job.policy),
                seed=job.seed,
                max_steps=job.max_steps,
                text=job.attempt.text,
                demonstrate=lambda observation, info: self._demonstration(job, observation, info),
                options={"task": job.task},
            )
        except NoHandError as error:
            return job.outcome("no_hand", str(error), seconds=time.perf_counter() - began)
        return job.outcome("" if done.success else "not_done", "", done.steps, time.perf_counter() - began)

    def _env(self, size: int) -> gymnasium.Env[Any, Any]:
        """Return the environment, made anew only for images of another size."""
        if self.env is None or self.size != size:
            if self.env is not None:
                self.env.close()
            self.env = LazyImages(make_kitchen(self.settings.env, size, image=False, render_mode="rgb_array"))
            self.size = size
        return self.env

    def _demonstration(
        self, job: RolloutJob, observation: Mapping[str, Any], info: Mapping[str, Any]
    ) -> DemonstrationArrays:
        """Return the demonstration of a scene; made once for a scene, then found in the cache."""
        if job.source == NOTHING:
            return no_demonstration()
        observed = self.cache.get_or_make(self._key(job), lambda: self._make(job, observation, info))
        if not observed.found:
            raise NoHandError("the clip shows no hand")
        return observed.arrays

    def _key(self, job: RolloutJob) -> str:
        """Return what decides a demonstration, hashed."""
        weights = _hash_of(self.settings.weights) if job.source == "generated" else ""
        described = [
            *(job.source, job.task, job.seed, job.size, weights, self.lifter.provenance, scenes_fingerprint()),
            *(self.settings.depth, self._samples(job)),
        ]
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def _samples(self, job: RolloutJob) -> int:
        return self.settings.samples if job.source == "generated" else 1

    def _make(self, job: RolloutJob, observation: Mapping[str, Any], info: Mapping[str, Any]) -> ObservedDemonstration:
        from ...policy.sampling import best_of_n

        assert self.env is not None
        try:
            extracted = best_of_n(
                self.source(job.source, job.size)(job.attempt),
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


@functools.cache
def _hash_of(weights: str) -> str:
    """Hash the files of a generator's weights."""
    from ...pipeline import find_weights

    digest = hashlib.sha256()
    for path in sorted(find_weights(weights).rglob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()

"""Training a policy with stable-baselines3: demonstrations first, then learning, evaluations, checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import torch

from ivg.errors import ConfigError, InputError
from ivg.io.staging import refuse_existing

from ..conditioning import VideoDemoWrapper, fill_cache
from ..conditioning.cache import DemonstrationCache
from ..conditioning.sources import DemonstrationSource, PrecomputedDemonstrations, fingerprint_of
from .checkpoint import load_checkpoint
from .environment import MakeEnv, conditioned_environment, training_environments
from .evaluation import CHECKPOINT, POLICY, Recorder, RowCallback
from .learner import make_learner
from .settings import ReinforcementSettings

SceneCallback = Callable[[int, bool], None]  # Called with each scene's seed, and whether a demonstration was found

_SETTINGS, _SUMMARY = "settings.json", "summary.json"
_MAY_CHANGE = {"steps", "evaluate_every", "device", "threads"}


@dataclass(frozen=True)
class ReinforcementResult:
    """Folder, its policy (`load_policy`), last row of the curve, and how many training scenes have a demonstration."""

    output: Path
    policy: Path
    figures: dict[str, float]
    scenes: int


def train_reinforcement(
    make_env: MakeEnv,
    source: DemonstrationSource | None,
    settings: ReinforcementSettings,
    output: str | Path,
    *,
    cache: str | Path | None = None,
    resume: bool = False,
    progress: RowCallback | None = None,
    scene_progress: SceneCallback | None = None,
) -> ReinforcementResult:
    """Train a policy.

    The demonstrations of all scenes are made first, in this process, and cached; the processes of more than one
    environment read them from there and load no generator. Training leaves out scenes in whose demonstration no hand
    was found; evaluation keeps them.

    Args:
        make_env: Makes the environment.
        source: Of demonstrations; None trains without.
        settings: How to train.
        output: A new folder: ``curve.csv``, ``curve.png``, ``policy/``, ``checkpoint/``, ``settings.json``,
            ``summary.json``.
        cache: Folder of the demonstrations, which runs can share; ``demonstrations/`` in `output` if None.
        resume: Go on from the checkpoint in `output`.
        progress: Called with each row of the curve.
        scene_progress: Called with each scene's seed, and whether a demonstration was found.

    Raises:
        InputError: If the folder exists (and is not resumed), or no scene has a demonstration.
        ConfigError: If a resumed run had other settings.
        WeightsError: If there is nothing to resume.
    """
    output = Path(output)
    _prepare(output, settings, resume)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    demonstrations = DemonstrationCache(Path(cache) if cache else output / "demonstrations")
    with closing(conditioned_environment(make_env, source, demonstrations, settings, following=True)) as evaluation:
        scenes = prefetch_demonstrations(evaluation, source, settings, scene_progress)
        if source is not None and settings.environments > 1:
            source = PrecomputedDemonstrations(fingerprint_of(source, lasting=True))
        with closing(training_environments(make_env, source, demonstrations, settings, scenes)) as envs:
            learner = make_learner(envs, settings)
            if resume:
                load_checkpoint(learner, output / CHECKPOINT)
            recorder = Recorder(evaluation, settings, output, progress)
            left = settings.steps - learner.num_timesteps
            if left > 0:
                learner.learn(left, callback=recorder, reset_num_timesteps=False)
            recorder.finish(learner)
    summary = {**recorder.curve.rows[-1], "scenes": len(scenes), "scenes_asked_for": settings.scenes}
    (output / _SUMMARY).write_text(json.dumps(summary, indent=2) + "\n")
    return ReinforcementResult(output, output / POLICY, recorder.curve.rows[-1], len(scenes))


def is_finished(output: Path) -> bool:
    """Whether a run in this folder came to its end."""
    return (output / _SUMMARY).is_file()


def read_settings(output: Path) -> ReinforcementSettings:
    """Return the settings that a run was begun with."""
    return ReinforcementSettings(**json.loads((output / _SETTINGS).read_text()))


def _prepare(output: Path, settings: ReinforcementSettings, resume: bool) -> None:
    """Make the folder; compare a resumed run's settings with the ones that it began with."""
    described, file = asdict(settings), output / _SETTINGS
    if not resume:
        refuse_existing(output, overwrite=False)
    elif file.is_file():
        before = json.loads(file.read_text())
        changed = sorted(k for k in described if k not in _MAY_CHANGE and described[k] != before.get(k))
        if changed:
            raise ConfigError(
                f"'{output}' was begun with {changed[0]}={before.get(changed[0])}, not {described[changed[0]]}; "
                f"a resumed run may only change {', '.join(sorted(_MAY_CHANGE))}"
            )
    else:
        raise InputError(f"nothing to resume: '{output}' holds no run; leave out resume to start anew")
    output.mkdir(parents=True, exist_ok=True)
    (output / _SUMMARY).unlink(missing_ok=True)
    file.write_text(json.dumps(described, indent=2) + "\n")


def prefetch_demonstrations(
    env: gym.Env[Any, Any],
    source: DemonstrationSource | None,
    settings: ReinforcementSettings,
    progress: SceneCallback | None = None,
) -> list[int]:
    """Cache the demonstrations of all scenes; return those to train in, with a hand (`InputError` if there is none)."""
    if source is None:
        return list(settings.training_scenes)
    while not isinstance(env, VideoDemoWrapper):  # the wrapper that adds the demonstration
        env = cast("gym.Wrapper[Any, Any, Any, Any]", env).env
    scenes = fill_cache(env, settings.training_scenes, progress)
    fill_cache(env, settings.held_out_scenes, progress)
    if not scenes:
        raise InputError(f"no hand was found in any demonstration of the {settings.scenes} scenes of training")
    return scenes

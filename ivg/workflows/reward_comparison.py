"""Sample efficiency of the tracking reward against the sparse one: trainings over tasks and seeds, and their table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import ConfigError, IvgError
from ..io.staging import write_text_whole
from ..jobs import CRASHED, Processes
from .policy_settings import read_reinforcement
from .rl_environment import ReinforcementRun
from .rl_training import train_by_reinforcement

TASKS = ("push_plate", "close_drawer")
REWARDS = ("tracking", "sparse")

_OWN = ("task", "output", "cache", "resume", "policy.reward", "policy.seed")


@dataclass(frozen=True)
class CompareJob:
    """One training: its settings, and the fingerprint of its demonstrations (None without), all of them cached."""

    task: str
    reward: str
    seed: int
    output: Path
    cache: Path
    settings: tuple[str, ...]
    fingerprint: dict[str, Any] | None = None

    def run(self) -> ReinforcementRun:
        """Return the training, as its settings say."""
        own = [f"task={self.task}", f"policy.reward={self.reward}", f"policy.seed={self.seed}"]
        for name, path in (("output", self.output), ("cache", self.cache)):
            escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
            own.append(f"{name}='{escaped}'")  # a value of hydra's, whatever the path holds
        return read_reinforcement([*self.settings, *own])


@dataclass(frozen=True)
class RewardComparison:
    """Lines of a table, its figures by task and reward, and the files of table, figures and curves."""

    table: list[str]
    figures: dict[str, Any]
    files: list[Path]


def compare_rewards(
    out: Path,
    tasks: Sequence[str] = TASKS,
    seeds: int = 3,
    *,
    workers: int = 2,
    settings: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> RewardComparison:
    """Train with both rewards, over seeds, and compare the learning curves; what a stopped call has done stays.

    Args:
        out: Folder of the trainings, of table, figures and images.
        tasks: Of the environment.
        seeds: Trainings of each task and reward.
        workers: Processes.
        settings: As ``ivg-policy train-rl`` takes them, such as policy.steps=20000.
        progress: Called with lines of text, in other processes too.

    Raises:
        ConfigError: If a setting is wrong, a training was done with others, or one failed.
    """
    jobs = plan(out, tasks, seeds, tuple(settings))
    for task in tasks:
        todo = [job for job in jobs if job.task == task and not finished(job)]
        if todo:
            fingerprint = _prefetch(todo[0], progress)
            jobs = [replace(job, fingerprint=fingerprint) if job in todo else job for job in jobs]
    left = [job for job in jobs if not finished(job)]
    for index, problem in Processes(workers).run(partial(_trainer, progress), left):
        if problem is not None:
            reason = "its process died" if problem is CRASHED else problem
            raise ConfigError(f"training of {left[index].output} failed: {reason}")
    return _write(jobs, out)


def plan(out: Path, tasks: Sequence[str], seeds: int, settings: tuple[str, ...]) -> list[CompareJob]:
    """Return all trainings, the rewards of one seed side by side."""
    for setting in settings:
        if setting.split("=")[0] in _OWN:
            raise ConfigError(f"'{setting}' is what compare-rewards itself decides; leave it out of --settings")
    return [
        CompareJob(task, reward, seed, out / task / reward / f"seed-{seed}", out / "demonstrations", settings)
        for task in tasks
        for seed in range(seeds)
        for reward in REWARDS
    ]


def finished(job: CompareJob) -> bool:
    """Whether a training is done (`ConfigError` if it was done with other settings)."""
    from ..policy.rl.training import is_finished, read_settings

    if not is_finished(job.output):
        return False
    if read_settings(job.output) != job.run().policy:
        raise ConfigError(f"'{job.output}' was trained with other settings; give another --out")
    return True


def _prefetch(job: CompareJob, progress: Callable[[str], None] | None) -> dict[str, Any] | None:
    """Put the demonstrations of a task's scenes into the cache; return their source's fingerprint."""
    from ..policy.conditioning.cache import DemonstrationCache
    from ..policy.conditioning.sources import fingerprint_of
    from ..policy.rl.environment import conditioned_environment
    from ..policy.rl.training import prefetch_demonstrations

    run = job.run()
    source = run.source()
    if source is None:
        return None
    with closing(conditioned_environment(run.make_env(), source, DemonstrationCache(job.cache), run.policy)) as env:
        scenes = prefetch_demonstrations(env, source, run.policy)
    if progress is not None:
        progress(f"{job.task}: demonstrations of {len(scenes)} of {run.policy.scenes} scenes to train in")
    return fingerprint_of(source, lasting=True)


def _trainer(progress: Callable[[str], None] | None) -> Callable[[CompareJob], str | None]:
    """Return what trains, or goes on where a stopped training left off, and returns what is wrong, if anything is."""
    from ..policy.conditioning.sources import PrecomputedDemonstrations
    from ..policy.rl.evaluation import CHECKPOINT, describe_row

    def train(job: CompareJob) -> str | None:
        source = None if job.fingerprint is None else PrecomputedDemonstrations(job.fingerprint)
        try:
            run = job.run()
            begun = (run.output / CHECKPOINT).is_dir()
            if not begun:  # stopped before its first checkpoint: there is nothing to go on from
                shutil.rmtree(run.output, ignore_errors=True)
            label = f"{job.task} {job.reward} seed {job.seed}: "
            row = None if progress is None else lambda values: progress(label + describe_row(values, run.policy.steps))
            train_by_reinforcement(replace(run, resume=begun), source, progress=row)
        except IvgError as error:
            return str(error)
        return None

    return train


def _write(jobs: Sequence[CompareJob], out: Path) -> RewardComparison:
    """Write the table, and draw the curves of each task."""
    from ..policy.rl.curve import CURVE, LearningCurve, comparison_table, draw_comparison

    curves: dict[str, dict[str, dict[int, LearningCurve]]] = {}
    for job in jobs:
        curves.setdefault(job.task, {}).setdefault(job.reward, {})[job.seed] = LearningCurve(job.output / CURVE)
    table, figures = comparison_table(curves, REWARDS)
    files = [out / "table.txt", out / "figures.json"]
    files[0].write_text("\n".join(table) + "\n")
    write_text_whole(files[1], json.dumps(figures, indent=2, default=float) + "\n")
    for task, by_reward in curves.items():
        files.append(out / f"{task}.png")
        draw_comparison({reward: list(runs.values()) for reward, runs in by_reward.items()}, files[-1])
    return RewardComparison(table, figures, files)

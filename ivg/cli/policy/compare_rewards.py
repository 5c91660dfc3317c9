"""``ivg-policy compare-rewards``: sample efficiency of the tracking reward against the sparse one, over seeds."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, IvgError
from ...io.checks import check_positive
from ...jobs import CRASHED, Processes
from ..shared.command import write_json
from .rl import train_run

if TYPE_CHECKING:
    from ...policy.rl.curve import LearningCurve

TASKS = ("push_plate", "close_drawer")
REWARDS = ("tracking", "sparse")

Curves = dict[str, dict[str, dict[int, "LearningCurve"]]]
"""By task, reward and seed."""


@dataclass(frozen=True)
class CompareJob:
    """One training.

    Attributes:
        task: What is to be done.
        reward: One of `REWARDS`.
        seed: Of the training.
        output: Its folder.
        cache: Folder of demonstrations, which are all there.
        settings: As ``ivg-policy train-rl`` takes them.
        fingerprint: Of the source of demonstrations; None if nothing is shown.
    """

    task: str
    reward: str
    seed: int
    output: Path
    cache: Path
    settings: tuple[str, ...]
    fingerprint: dict[str, Any] | None = None

    @property
    def overrides(self) -> list[str]:
        """Settings of this training."""
        own = (f"task={self.task}", f"policy.reward={self.reward}", f"policy.seed={self.seed}")
        return [*self.settings, *own, f"output={_quoted(self.output)}", f"cache={_quoted(self.cache)}"]


def add_compare_rewards(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train with the tracking reward and with the sparse one, over seeds, and compare the learning curves"
    compare = actions.add_parser("compare-rewards", help=help_text, description=help_text)
    compare.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="runs, table and picture")
    compare.add_argument("--tasks", nargs="+", default=list(TASKS), metavar="TASK", help="default: %(default)s")
    compare.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each (default: %(default)s)")
    compare.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: %(default)s)")
    settings_help = "as train-rl takes them, such as policy.steps=20000 (not task, output, policy.reward, policy.seed)"
    compare.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE", help=settings_help)
    compare.set_defaults(action=run_compare_rewards)


def run_compare_rewards(options: argparse.Namespace) -> None:
    """Do what the command line asks for; what a stopped run has done stays.

    Raises:
        IvgError: If a setting is wrong, or a training failed.
    """
    check_positive(seeds=options.seeds, workers=options.workers)
    jobs = plan(options.out, options.tasks, options.seeds, tuple(options.settings))
    for task in options.tasks:
        todo = [job for job in jobs if job.task == task and not finished(job)]
        if todo:
            fingerprint = prefetch_demonstrations(todo[0])
            jobs = [replace(job, fingerprint=fingerprint) if job in todo else job for job in jobs]
    _train([job for job in jobs if not finished(job)], options.workers)
    report(jobs, options.out)


def plan(out: Path, tasks: Sequence[str], seeds: int, settings: tuple[str, ...]) -> list[CompareJob]:
    """Return all trainings, the rewards of one seed side by side."""
    for setting in settings:
        if setting.split("=")[0] in ("task", "output", "cache", "resume", "policy.reward", "policy.seed"):
            raise ConfigError(f"'{setting}' is what compare-rewards itself decides; leave it out of --settings")
    return [
        CompareJob(task, reward, seed, out / task / reward / f"seed-{seed}", out / "demonstrations", settings)
        for task in tasks
        for seed in range(seeds)
        for reward in REWARDS
    ]


def finished(job: CompareJob) -> bool:
    """Tell whether a training is done.

    Raises:
        ConfigError: If it was done with other settings.
    """
    from ...policy.rl.training import is_finished, read_settings
    from ...workflows.rl_settings import read_reinforcement

    if not is_finished(job.output):
        return False
    if read_settings(job.output) != read_reinforcement(job.overrides).policy:
        raise ConfigError(f"'{job.output}' was trained with other settings; give another --out")
    return True


def prefetch_demonstrations(job: CompareJob) -> dict[str, Any] | None:
    """Put the demonstrations of a task's scenes into the cache; return their source's fingerprint."""
    from ...policy.conditioning.cache import DemonstrationCache
    from ...policy.conditioning.sources import fingerprint_of
    from ...policy.rl.environment import conditioned_environment
    from ...policy.rl.training import prefetch_demonstrations
    from ...workflows.rl_environment import demonstration_source, environment_factory
    from ...workflows.rl_settings import read_reinforcement

    run = read_reinforcement(job.overrides)
    settings = run.environment
    source = demonstration_source(
        run.demonstrations, settings.name, run.task, size=settings.camera_size, weights=run.weights
    )
    if source is None:
        return None
    make_env, cache = environment_factory(settings, run.task), DemonstrationCache(job.cache)
    env = conditioned_environment(make_env, source, cache, run.policy)
    try:
        scenes = prefetch_demonstrations(env, source, run.policy)
    finally:
        env.close()
    print(f"{job.task}: demonstrations of {len(scenes)} of {run.policy.scenes} scenes to train in", flush=True)
    return fingerprint_of(source, lasting=True)


def train_job(job: CompareJob) -> str | None:
    """Train, or go on where a stopped training left off; return what is wrong with the request, if anything is."""
    from ...policy.conditioning.sources import PrecomputedDemonstrations
    from ...policy.rl.training import CHECKPOINT
    from ...workflows.rl_settings import read_reinforcement

    source = None if job.fingerprint is None else PrecomputedDemonstrations(job.fingerprint)
    try:
        run = read_reinforcement(job.overrides)
        begun = (run.output / CHECKPOINT).is_dir()
        if not begun:  # stopped before its first checkpoint: there is nothing to go on from
            shutil.rmtree(run.output, ignore_errors=True)
        train_run(replace(run, resume=begun), source, label=f"{job.task} {job.reward} seed {job.seed}: ")
    except IvgError as error:
        return str(error)
    return None


def _trainer() -> Any:
    return train_job


def _train(jobs: Sequence[CompareJob], workers: int) -> None:
    for index, problem in Processes(workers).run(_trainer, jobs):
        if problem is not None:
            what = "its process died" if problem is CRASHED else problem
            raise ConfigError(f"training of {jobs[index].output} failed: {what}")


def report(jobs: Sequence[CompareJob], out: Path) -> None:
    """Print and write the table, and draw the curves of each task."""
    from ...policy.rl.curve import CURVE, LearningCurve, draw_comparison

    curves: Curves = {}
    for job in jobs:
        curves.setdefault(job.task, {}).setdefault(job.reward, {})[job.seed] = LearningCurve(job.output / CURVE)
    lines, figures = compare(curves)
    print("\n".join(lines))
    (out / "table.txt").write_text("\n".join(lines) + "\n")
    write_json(figures, out / "figures.json")
    for task, by_reward in curves.items():
        shown = {
            reward: (next(iter(runs.values())).column("step"), [run.column("success") for run in runs.values()])
            for reward, runs in by_reward.items()
        }
        draw_comparison(shown, out / f"{task}.png")
    print(f"table: {out / 'table.txt'}   curves: {', '.join(str(out / f'{task}.png') for task in curves)}")


def compare(curves: Curves) -> tuple[list[str], dict[str, Any]]:
    """Return a table's lines, and its figures for JSON."""
    from ...policy.rl.comparison import efficiency, gain

    heads = ("mean over training", "at the end", "steps to 50 %")
    lines = [f"{'task':<18}{'reward':<12}" + "".join(f"{head:>24}" for head in heads)]
    figures: dict[str, Any] = {}
    for task, by_reward in curves.items():
        for reward, runs in by_reward.items():
            found = efficiency(list(runs.values()))
            steps = ", ".join("-" if step is None else str(step) for step in found.steps_to_half)
            cells = (_shown(found.area), _shown(found.final), steps)
            lines.append(f"{task:<18}{reward:<12}" + "".join(f"{cell:>24}" for cell in cells))
            figures.setdefault(task, {})[reward] = asdict(found)
        more = gain(by_reward[REWARDS[0]], by_reward[REWARDS[1]])
        figures[task]["gain"] = asdict(more)
        lines.append(f"{task:<18}{'gain':<12}{_shown(more):>24}")
    return lines, figures


def _shown(mean: Any) -> str:
    return f"{mean.value:.3f}" + (f" +- {mean.half:.3f}" if mean.count > 1 else "")


def _quoted(path: Path) -> str:
    """Return a path as a value of hydra's, whatever it holds."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

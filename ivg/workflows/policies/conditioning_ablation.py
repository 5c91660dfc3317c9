"""Whether policies do better for a demonstration: trainings with every conditioning, rollouts, one table, one plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...data.split import HELD_OUT_SEEDS
from ...errors import InputError, IvgError, StoreError, WeightsError
from ...io.checks import check_can_be_folder, check_first_seed, check_positive
from ...jobs import CRASHED, TWO_PROCESSES, Launcher, Progress, environment
from ..clips.render import check_tasks
from .conditioning_table import ROWS, ConditioningAblation
from .evaluate import roll_out, rollout_jobs
from .rollouts import DEFAULT_SETTINGS, EvaluateSettings


@dataclass(frozen=True)
class TrainJob:
    """One training into a folder; settings as ``ivg-policy train`` takes them."""

    conditioning: str
    seed: int
    settings: tuple[str, ...]
    output: Path


def ablate_conditioning(
    data: Path,
    out: Path,
    *,
    policy: str = "diffusion",
    seeds: int = 3,
    steps: int = 6000,
    train_settings: Sequence[str] = (),
    tasks: Sequence[str] = (),
    episodes: int = 7,
    first_seed: int = HELD_OUT_SEEDS,
    max_steps: int | None = None,
    settings: EvaluateSettings = DEFAULT_SETTINGS,
    launcher: Launcher = TWO_PROCESSES,
    train_progress: Progress | None = None,
    progress: Progress | None = None,
) -> ConditioningAblation:
    """Train policies with and without demonstrations, and roll them out in held-out scenes.

    Trainings and rollouts that are done are kept in `out`; those that were stopped go on. There are `seeds` trainings
    of each conditioning, each of `steps` on the robot episodes `data` and with one thread; `policy` is "diffusion" or
    "behaviour_cloning", `train_settings` are further NAME=VALUE as ``ivg-policy train`` takes them. Rollouts are those
    of `evaluate_policy`, with `episodes` scenes of each task and training seed.

    Raises:
        InputError: A value is impossible, or a training's settings are wrong.
        StoreError: There is no dataset.
        WeightsError: A training died.
    """
    check_positive(seeds=seeds, steps=steps, episodes=episodes, max_steps=max_steps)
    check_first_seed(first_seed=first_seed)
    check_can_be_folder(out)
    if not data.exists():
        raise StoreError(f"there is no dataset of robot episodes at '{data}'")
    names = check_tasks(tasks)
    trainings = _train_jobs(data, out, policy, seeds, steps, train_settings)
    _train(trainings, launcher, train_progress)
    weights = {(job.conditioning, job.seed): job.output / "weights" for job in trainings}
    jobs = {}
    for seed in range(seeds):
        scenes = episodes, first_seed + seed * episodes, max_steps
        for row in ROWS:
            jobs[row.name, seed] = rollout_jobs(weights[row.conditioning, seed], row.source, names, *scenes)
    outcomes = roll_out([job for group in jobs.values() for job in group], out, settings, launcher, progress)
    found = {outcome.key: outcome for outcome in outcomes}
    by_row = {name: [found[job.key] for job in group] for name, group in jobs.items()}
    return ConditioningAblation(data, policy, steps, seeds, episodes, by_row)


def _train_jobs(
    data: Path, out: Path, policy: str, seeds: int, steps: int, train_settings: Sequence[str]
) -> list[TrainJob]:
    """Return the trainings: every conditioning with every seed."""
    from ..policy_settings import read_policy_run

    jobs = []
    for seed in range(seeds):
        for conditioning in dict.fromkeys(row.conditioning for row in ROWS):
            settings = [
                f"policy={policy}",
                *train_settings,
                f"conditioning={conditioning}",
                f"data.path='{data}'",
                f"train.steps={steps}",
                "train.minutes=null",
                f"train.seed={seed}",
                f"output='{out / 'runs' / f'{policy}-{conditioning}-{seed}-{steps}'}'",
            ]
            jobs.append(TrainJob(conditioning, seed, tuple(settings), read_policy_run(settings).output))
    return jobs


def _is_finished(job: TrainJob) -> bool:
    """Tell whether a training is done; an `IvgError` if with other settings or on other episodes."""
    from ...policy.learning.data import describe_data, split_episodes
    from ...policy.learning.policy import read_description
    from ..policy_settings import read_policy_run

    if not (job.output / "weights").is_dir():
        return False
    run = read_policy_run(job.settings)
    _, config, notes = read_description(job.output / "weights")
    train, _ = split_episodes(run.data)
    if config != run.policy or notes["training"] != vars(run.train) or notes["data"] != describe_data(run.data, train):
        raise IvgError(f"{job.output} was trained with other settings or on other episodes; give another folder")
    return True


def _train(jobs: Sequence[TrainJob], launcher: Launcher, progress: Progress | None) -> None:
    """Do the trainings that are not done, several at a time."""
    todo = [job for job in jobs if not _is_finished(job)]
    done = len(jobs) - len(todo)
    if progress is not None:
        progress(done, len(jobs))
    with environment({"TQDM_DISABLE": "1"}):  # bars of several trainings would write over each other
        for count, (index, problem) in enumerate(launcher.run(_trainer, todo), done + 1):
            name = todo[index].output.name
            if problem is CRASHED:
                raise WeightsError(f"the training {name} died (its trace stands above)")
            if problem is not None:
                raise InputError(f"{name}: {problem}")
            if progress is not None:
                progress(count, len(jobs))


def _trainer() -> Callable[[TrainJob], str | None]:
    return train_one


def train_one(job: TrainJob) -> str | None:
    """Train, or go on where a stopped training left off; return what is wrong with the request, if anything is."""
    from ...policy.learning import train_policy
    from ...training.checkpoint import FOLDER
    from ..policy_settings import read_policy_run

    run = read_policy_run(job.settings)
    run.resume = (run.output / FOLDER).exists()
    try:
        train_policy(run)
    except IvgError as error:
        return str(error)
    return None

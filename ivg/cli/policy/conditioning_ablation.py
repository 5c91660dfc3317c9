"""``ivg-policy evidence``: whether policies do better for having watched; trainings, rollouts, one table, one plot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...errors import InputError, StoreError, WeightsError
from ...jobs.processes import CRASHED, environment, run_jobs
from ...workflows.conditioning_rows import ROWS, conditionings
from ...workflows.conditioning_worker import TrainJob, finished, train_one
from ..shared.command import add_json_option, check_can_be_folder, check_positive, check_seed_option, write_json
from ..shared.page_table import add_table_option, insert_table
from .evaluate import add_rollout_options, settings_of


def add_conditioning_ablation(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = (
        "train policies that watch, read, or do neither, with several seeds; roll them out in held-out scenes; write "
        "the table. Trainings and rollouts that are done are kept, what was stopped goes on."
    )
    evidence = actions.add_parser("evidence", help="compare policies that watch with others", description=help_text)
    data_help = "robot episodes to train on, as ivg-dataset generate writes them"
    evidence.add_argument("--data", type=Path, required=True, metavar="DATASET", help=data_help)
    evidence.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="trainings, outcomes, figures")
    evidence.add_argument("--policy", default="diffusion", metavar="KIND", help="or behaviour_cloning")
    evidence.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each (default: %(default)s)")
    evidence.add_argument(
        "--steps", type=int, default=6000, metavar="N", help="of each training (default: %(default)s)"
    )
    episodes_help = "held-out scenes of each task and training seed (default: %(default)s)"
    evidence.add_argument("--episodes", type=int, default=7, metavar="N", help=episodes_help)
    add_rollout_options(evidence)
    set_help = "settings of the training, as ivg-policy train takes them"
    evidence.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="settings", help=set_help)
    add_table_option(evidence, "evidence")
    evidence.add_argument("--plot", type=Path, metavar="FILE", help="write the plot")
    add_json_option(evidence)
    evidence.set_defaults(action=run_conditioning_ablation)


def run_conditioning_ablation(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the dataset or the request cannot be used, or a training failed.
    """
    from ...workflows.conditioning_table import draw_plot, figures_of, table_of
    from ...workflows.render_pool import check_tasks

    counts = ("seeds", "steps", "episodes", "workers")
    check_positive(**{name: getattr(options, name) for name in counts}, max_steps=options.max_steps)
    check_seed_option("first-seed", options.first_seed)
    check_can_be_folder("out", options.out)
    if not options.data.exists():
        raise StoreError(f"there is no dataset of robot episodes at '{options.data}'")
    tasks = check_tasks([name for name in options.tasks.split(",") if name])
    trained = _train(_train_jobs(options), options)
    outcomes = _roll_out(trained, tasks, options)
    figures = figures_of(outcomes, options)
    table = table_of(figures)
    print(table)
    write_json(figures, options.json or options.out / "figures.json")
    if options.table is not None:
        insert_table(table, options.table, "evidence")
    if options.plot is not None:
        draw_plot(figures, options.plot)


def _train_jobs(options: argparse.Namespace) -> list[TrainJob]:
    """Return the trainings: every conditioning with every seed."""
    from .train import read_run

    jobs = []
    for seed in range(options.seeds):
        for conditioning in conditionings(ROWS):
            settings = [
                f"policy={options.policy}",
                *options.settings,
                f"conditioning={conditioning}",
                f"data.path='{options.data}'",
                f"train.steps={options.steps}",
                "train.minutes=null",
                f"train.seed={seed}",
                f"output='{options.out / 'runs' / f'{options.policy}-{conditioning}-{seed}-{options.steps}'}'",
            ]
            jobs.append(TrainJob(conditioning, seed, tuple(settings), read_run(settings).output))
    return jobs


def _train(jobs: Sequence[TrainJob], options: argparse.Namespace) -> Sequence[TrainJob]:
    """Do the trainings that are not done, several at a time, each with one thread."""
    todo = []
    for job in jobs:
        if finished(job):
            print(f"{job.output.name}: trained already")
        else:
            todo.append(job)
    with environment({"TQDM_DISABLE": "1"}):  # bars of several trainings would write over each other
        work = run_jobs(train_one, todo, workers=options.workers)
        for place, result in tqdm(work, total=len(todo), desc="trainings", unit="training", disable=not todo):
            if result is CRASHED:
                raise WeightsError(f"the training {todo[place].output.name} died (its trace stands above)")
            if isinstance(result, str):
                raise InputError(f"{todo[place].output.name}: {result}")
    return jobs


def _roll_out(trained: Sequence[TrainJob], tasks: Sequence[str], options: argparse.Namespace) -> dict[Any, list[Any]]:
    """Return outcomes by row and training seed."""
    from ...workflows.policy_pool import jobs_for, roll_out_all

    runs = {(job.conditioning, job.seed): job.output / "weights" for job in trained}
    jobs = {
        (row.name, seed): jobs_for(
            runs[row.conditioning, seed],
            row.source,
            tasks,
            options.episodes,
            options.first_seed + seed * options.episodes,
            options.max_steps,
        )
        for seed in range(options.seeds)
        for row in ROWS
    }
    every = [job for some in jobs.values() for job in some]
    outcomes = roll_out_all(every, options.out / "outcomes.jsonl", settings_of(options), options.workers)
    found = {outcome.key: outcome for outcome in outcomes}
    return {name: [found[job.key] for job in some] for name, some in jobs.items()}

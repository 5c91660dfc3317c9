"""``ivg-policy execute``: how often a robot that follows demonstrations does the tasks, by what it follows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, unknown_option
from ...workflows.execute_sources import SOURCES
from ...workflows.outcome_pool import try_all
from ..shared.command import add_json_option, check_device, check_positive, check_seed_option, write_json
from ..shared.page_table import add_table_option, insert_table
from .evaluate import HELD_OUT_SEEDS

if TYPE_CHECKING:
    from ...policy.evaluation import Outcome
    from ...workflows.execute_worker import ExecuteJob, ExecuteSettings


def add_execute(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "let the robot follow true paths, true clips and generated clips, and count the successes"
    execute = actions.add_parser("execute", help=help_text, description=help_text)
    out_help = "folder for outcomes.jsonl; the same command goes on after a stop"
    execute.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=out_help)
    execute.add_argument("--episodes", type=int, default=20, metavar="N", help="of each task (default: %(default)s)")
    execute.add_argument("--tasks", default="", metavar="A,B", help="names of tasks (default: all)")
    sources_help = "; ".join(f"{name}: {what}" for name, what in SOURCES.items())
    execute.add_argument("--sources", default=",".join(SOURCES), metavar="A,B", help=f"{sources_help} (default: all)")
    seed_help = "seed of the first scene of each task (default: %(default)s)"
    execute.add_argument("--first-seed", type=int, default=HELD_OUT_SEEDS, metavar="S", help=seed_help)
    execute.add_argument("--weights", default="nano", metavar="NAME", help="the generator's: nano, or a folder")
    execute.add_argument("--size", type=int, default=256, metavar="PX", help="side of pictures (default: %(default)s)")
    execute.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
    execute.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    add_table_option(execute, "execution")
    add_json_option(execute)
    execute.set_defaults(action=run_execute)


def run_execute(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the request cannot be used, or all that is tried crashes.
    """
    from ...workflows.execute_worker import ExecuteJob, ExecuteSettings
    from ...workflows.render_pool import check_tasks

    check_positive(episodes=options.episodes, workers=options.workers, size=options.size)
    check_seed_option("first-seed", options.first_seed)
    check_device(options.device)
    sources = [name for name in options.sources.split(",") if name]
    if not sources:
        raise InputError(f"--sources names no source; options: {', '.join(SOURCES)}")
    for name in sources:
        if name not in SOURCES:
            raise unknown_option("source", name, SOURCES)
    tasks = check_tasks([name for name in options.tasks.split(",") if name])
    seeds = range(options.first_seed, options.first_seed + options.episodes)
    name = f"{options.weights}, {options.size} px"
    jobs = [ExecuteJob(source, task, seed, name) for seed in seeds for task in tasks for source in sources]
    settings = ExecuteSettings(weights=options.weights, size=options.size, device=options.device)
    outcomes = execute_all(jobs, options.out / "outcomes.jsonl", settings, options.workers)
    table = table_of(outcomes, sources, tasks)
    print(table)
    write_json(report_of(outcomes, sources), options.json)
    if options.table is not None:
        insert_table(table, options.table, "execution")


def execute_all(jobs: Sequence[ExecuteJob], log: Path, settings: ExecuteSettings, workers: int) -> list[Outcome]:
    """Do what is not in the log yet; return the outcomes of all jobs, in their order.

    Raises:
        IvgError: If all that is tried crashes.
    """
    from ...workflows.execute_worker import run, start

    return try_all(run, jobs, log, start=start, settings=settings, workers=workers, noun="attempt")


def report_of(outcomes: Sequence[Outcome], sources: Sequence[str]) -> dict[str, Any]:
    """Return shares by source, over all and by task, with the reasons of failures, as JSON can hold them."""
    from ...policy.evaluation import reasons, success_rate, success_rates_by

    report: dict[str, Any] = {}
    for source in sources:
        own = [outcome for outcome in outcomes if outcome.source == source]
        tasks = {task: share.as_json for task, share in success_rates_by(own, "task").items()}
        seconds = sum(outcome.seconds for outcome in own) / len(own)
        report[source] = {
            "all": success_rate(own).as_json,
            "mean_over_tasks": sum(share["share"] for share in tasks.values()) / len(tasks),
            "tasks": tasks,
            "failures": reasons(own),
            "seconds_an_attempt": seconds,
        }
    return report


def table_of(outcomes: Sequence[Outcome], sources: Sequence[str], tasks: Sequence[str]) -> str:
    """Return successes by task and source, with Wilson intervals of 95 %, in Markdown."""
    from ...policy.evaluation import reasons, success_rate

    lines = [
        "| task | " + " | ".join(SOURCES[source] for source in sources) + " |",
        "|---|" + "---|" * len(sources),
    ]
    for task in (*tasks, ""):
        cells = []
        for source in sources:
            own = [one for one in outcomes if one.source == source and task in ("", one.task)]
            cells.append(str(success_rate(own)))
        lines.append(f"| {f'`{task}`' if task else 'all'} | " + " | ".join(cells) + " |")
    lines.append("")
    for source in sources:
        failures = reasons(one for one in outcomes if one.source == source)
        lines.append(f"- {SOURCES[source]}: failures: {failures or 'none'}")
    return "\n".join(lines)

"""``ivg-policy execute``: how often a robot that follows demonstrations does the tasks, by what it follows."""

from __future__ import annotations

import argparse
from typing import Any

from ...io.page_table import insert_table
from ...jobs import progress_bar
from ...workflows.policies.sources import EXECUTION_SOURCES
from ..shared.command import add_action, write_json
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options, names_of
from ..shared.page_table import add_table_option


def add_execute(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "let the robot follow true trajectories, true clips and generated clips, and count the successes"
    execute = add_action(actions, "execute", help_text, run_execute)
    sources_help = "; ".join(f"{name}: {what}" for name, what in EXECUTION_SOURCES.items())
    execute.add_argument(
        "--sources",
        type=names_of,
        default=",".join(EXECUTION_SOURCES),
        metavar="A,B",
        help=f"{sources_help} (default: all)",
    )
    add_options(execute, "episodes", "tasks", "first-seed", "weights", "device", "json", size={"default": 256})
    add_options(execute, out={"help": "folder for outcomes.jsonl; the same command goes on after a stop"})
    add_launcher_options(execute)
    add_table_option(execute, "execution")


def run_execute(options: argparse.Namespace) -> None:
    """Let the robot follow demonstrations."""
    from ...workflows.policies.execute import ExecuteSettings, execute_demonstrations

    with progress_bar("attempts", "attempt") as progress:
        report = execute_demonstrations(
            options.out,
            episodes=options.episodes,
            tasks=options.tasks,
            sources=options.sources,
            first_seed=options.first_seed,
            settings=ExecuteSettings(weights=options.weights, size=options.size, device=options.device),
            launcher=launcher_from(options),
            progress=progress,
        )
    print(report.table)
    write_json(report.as_json, options.json)
    if options.table is not None:
        insert_table(report.table, options.table, "execution")

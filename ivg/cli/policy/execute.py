"""``ivg-policy execute``: how often a robot that follows demonstrations does the tasks, by what it follows."""

from __future__ import annotations

import argparse
from typing import Any

from ...workflows.policies.sources import EXECUTION_SOURCES
from ..shared.command import add_action, show, values_of
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options, add_table_option, add_values, names_of
from ..shared.progress import progress_bar


def add_execute(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "let the robot follow true trajectories, true clips and generated clips, and count the successes"
    execute = add_action(actions, "execute", help_text, run_execute)
    sources_help = "; ".join(f"{name}: {what}" for name, what in EXECUTION_SOURCES.items())
    sources = names_of, "A,B", f"{sources_help} (default: all)", ",".join(EXECUTION_SOURCES)
    add_values(execute, {"sources": sources})
    add_options(execute, "episodes", "tasks", "first-seed", "weights", "device", "json", size={"default": 256})
    add_options(execute, out={"help": "folder for outcomes.jsonl; the same command goes on after a stop"})
    add_launcher_options(execute)
    add_table_option(execute, "execution")


def run_execute(options: argparse.Namespace) -> None:
    """Let the robot follow demonstrations."""
    from ...workflows.policies.execute import ExecuteSettings, execute_demonstrations

    given = values_of(options, "episodes", "tasks", "sources", "first_seed")
    given |= {"settings": ExecuteSettings(**values_of(options, "weights", "size", "device"))}
    launcher = launcher_from(options)
    with progress_bar("attempts", "attempt") as progress:
        report = execute_demonstrations(options.out, launcher=launcher, progress=progress, **given)
    show(report, options, "execution")

"""``ivg-policy compare-rewards``: sample efficiency of the tracking reward against the sparse one, over seeds."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from ...io.checks import check_positive
from ..shared.command import add_action


def add_compare_rewards(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train with the tracking reward and with the sparse one, over seeds, and compare the learning curves"
    compare = add_action(actions, "compare-rewards", help_text, run_compare_rewards)
    compare.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="runs, table and curves")
    compare.add_argument("--tasks", nargs="+", metavar="TASK", help="default: push_plate close_drawer")
    compare.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each (default: %(default)s)")
    compare.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: %(default)s)")
    settings_help = "as train-rl takes them, such as policy.steps=20000 (not task, output, policy.reward, policy.seed)"
    compare.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE", help=settings_help)


def run_compare_rewards(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    from ...workflows.reward_comparison import TASKS, compare_rewards

    check_positive(seeds=options.seeds, workers=options.workers)
    how = {"workers": options.workers, "settings": options.settings, "progress": partial(print, flush=True)}
    result = compare_rewards(options.out, options.tasks or TASKS, options.seeds, **how)
    print("\n".join(result.table))
    print(f"table: {result.files[0]}   curves: {', '.join(map(str, result.files[2:]))}")

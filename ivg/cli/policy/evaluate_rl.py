"""``ivg-policy evaluate-rl``: how a policy that ``train-rl`` made does in other scenes."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...io.checks import check_positive
from ..shared.command import add_action, values_of, write_json
from ..shared.options import add_options

if TYPE_CHECKING:
    from ...policy.rl import Episode


def add_evaluate_rl(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "play a policy that train-rl made in scenes that it was not trained in"
    evaluate = add_action(actions, "evaluate-rl", help_text, run_evaluate_rl)
    evaluate.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="output of train-rl")
    evaluate.add_argument("--episodes", type=int, default=20, metavar="N", help="scenes (default: %(default)s)")
    evaluate.add_argument("--first-scene", type=int, metavar="SEED", help="first scene (default: the held-out ones)")
    add_options(evaluate, "json")


def run_evaluate_rl(options: argparse.Namespace) -> None:
    """Play the episodes and print how each ended, and how often the policy succeeded."""
    from ...workflows.rl_training import evaluate_reinforcement

    check_positive(episodes=options.episodes)

    def report(episode: Episode) -> None:
        notes = "" if episode.demo_found else "  no demonstration"
        print(f"scene {episode.seed}: {'done' if episode.success else 'not done'}, {episode.steps} steps{notes}")

    result = evaluate_reinforcement(options.run, progress=report, **values_of(options, "episodes", "first_scene"))
    figures = result.figures
    interval = f"{figures['success_low']:.0%} to {figures['success_high']:.0%}"
    print(f"{result.task}: success {figures['success']:.0%} ({interval}) in {len(result.episodes)} scenes")
    write_json({"run": str(options.run), **figures, "episodes": [asdict(e) for e in result.episodes]}, options.json)

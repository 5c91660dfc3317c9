"""``ivg-policy evaluate``: how often a policy does the tasks, in scenes that it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...workflows.policies.sources import POLICY_SOURCES
from ..shared.command import add_action, show, values_of
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options
from ..shared.progress import progress_bar


def add_evaluate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "roll a policy out in held-out scenes and count the successes"
    evaluate = add_action(actions, "evaluate", help_text, run_evaluate)
    evaluate.add_argument("--policy", type=Path, required=True, metavar="FOLDER", help="weights/ of a training")
    demo_help = "what a policy is given that takes demonstrations: a generated clip, the rendered person's, nothing"
    evaluate.add_argument("--demo", choices=POLICY_SOURCES, default="", help=f"{demo_help} (default: generated)")
    out_help = "folder for outcomes.jsonl and demonstrations; the same command goes on after a stop"
    add_options(evaluate, "episodes", "json", out={"help": out_help})
    add_rollout_options(evaluate)


def add_rollout_options(parser: argparse.ArgumentParser) -> None:
    """Add what all commands that roll out policies ask for."""
    add_options(parser, "tasks", "first-seed", "max-steps", "env", "weights", "samples", "no-depth")
    add_launcher_options(parser)
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="demonstrations (default: OUT/demonstrations)")


def run_evaluate(options: argparse.Namespace) -> None:
    """Roll a policy out."""
    from ...workflows.policies.evaluate import evaluate_policy

    given = {"source": options.demo, "episodes": options.episodes, **rollout_arguments(options)}
    with progress_bar("rollouts", "rollout") as progress:
        report = evaluate_policy(options.policy, options.out, progress=progress, **given)
    show(report, options)


def rollout_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that `add_rollout_options` asks for."""
    from ...workflows.episodes.attempts import resolve_samples
    from ...workflows.policies.rollouts import EvaluateSettings

    depth = not options.no_depth
    samples = resolve_samples(options.samples, depth)
    settings = EvaluateSettings(options.env, options.weights, options.cache, depth, samples)
    common = values_of(options, "tasks", "first_seed", "max_steps")
    return {**common, "settings": settings, "launcher": launcher_from(options)}

"""``ivg-policy evaluate``: how often a policy does the tasks, in scenes that it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...jobs import progress_bar
from ...workflows.policies.sources import POLICY_SOURCES
from ..shared.command import add_action, write_json
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options
from ..shared.sampling_options import add_sampling_options

if TYPE_CHECKING:
    from ...workflows.policies.rollouts import EvaluateSettings


def add_evaluate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    evaluate = add_action(
        actions, "evaluate", "roll a policy out in held-out scenes and count the successes", run_evaluate
    )
    evaluate.add_argument("--policy", type=Path, required=True, metavar="FOLDER", help="weights/ of a training")
    demo_help = "what a policy is given that takes demonstrations: a generated clip, the rendered person's, nothing"
    evaluate.add_argument("--demo", choices=POLICY_SOURCES, default="", help=f"{demo_help} (default: generated)")
    out_help = "folder for outcomes.jsonl and demonstrations; the same command goes on after a stop"
    add_options(evaluate, "episodes", "json", out={"help": out_help})
    add_rollout_options(evaluate)


def add_rollout_options(parser: argparse.ArgumentParser) -> None:
    """Add what all commands that roll out policies ask for."""
    add_options(parser, "tasks", "first-seed", "max-steps", "env", "weights")
    add_sampling_options(parser)
    add_launcher_options(parser)
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="demonstrations (default: OUT/demonstrations)")


def run_evaluate(options: argparse.Namespace) -> None:
    """Roll a policy out."""
    from ...workflows.policies.evaluate import evaluate_policy

    with progress_bar("rollouts", "rollout") as progress:
        report = evaluate_policy(
            options.policy,
            options.out,
            source=options.demo,
            episodes=options.episodes,
            progress=progress,
            **rollout_arguments(options),
        )
    print(report.report)
    write_json(report.as_json, options.json)


def rollout_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that `add_rollout_options` asks for."""
    names = ("tasks", "first_seed", "max_steps")
    common = {name: getattr(options, name) for name in names}
    return {**common, "settings": _settings(options), "launcher": launcher_from(options)}


def _settings(options: argparse.Namespace) -> EvaluateSettings:
    from ...workflows.episodes.attempts import resolve_samples
    from ...workflows.policies.rollouts import EvaluateSettings

    depth = not options.no_depth
    samples = resolve_samples(options.samples, depth)
    return EvaluateSettings(options.env, options.weights, options.cache, depth, samples)

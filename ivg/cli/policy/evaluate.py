"""``ivg-policy evaluate``: how often a policy does the tasks, in scenes that it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..shared.command import add_json_option, check_positive, check_seed_option, write_json
from ..shared.sampling_options import add_sampling_options, samples_of

SOURCES = ("generated", "truth", "none")
HELD_OUT_SEEDS = 1_000_000
"""First seed of the scenes for evaluation; as in ``ivg-eval``, training uses those below."""


def add_evaluate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "roll a policy out in held-out scenes and count the successes"
    evaluate = actions.add_parser("evaluate", help=help_text, description=help_text)
    evaluate.add_argument("--policy", type=Path, required=True, metavar="FOLDER", help="weights/ of a training")
    out_help = "folder for outcomes.jsonl and demonstrations; the same command goes on after a stop"
    evaluate.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=out_help)
    evaluate.add_argument("--episodes", type=int, default=20, metavar="N", help="of each task (default: %(default)s)")
    demo_help = "what a policy that watches is shown: a generated clip, the rendered person's, nothing"
    evaluate.add_argument("--demo", choices=SOURCES, default="", help=f"{demo_help} (default: generated)")
    add_rollout_options(evaluate)
    add_json_option(evaluate)
    evaluate.set_defaults(action=run_evaluate)


def add_rollout_options(parser: argparse.ArgumentParser) -> None:
    """Add what all commands that roll out policies ask for."""
    parser.add_argument("--tasks", default="", metavar="A,B", help="names of tasks (default: all)")
    seed_help = "seed of the first scene of each task (default: %(default)s)"
    parser.add_argument("--first-seed", type=int, default=HELD_OUT_SEEDS, metavar="S", help=seed_help)
    steps_help = "time of a rollout (default: 1.3 times the longest episode trained on)"
    parser.add_argument("--max-steps", type=int, metavar="N", help=steps_help)
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--env", choices=["kitchen"], default="kitchen", help="where (default: %(default)s)")
    parser.add_argument("--weights", default="nano", metavar="NAME", help="the generator's: nano, or a folder")
    add_sampling_options(parser)
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="demonstrations (default: OUT/demonstrations)")


def run_evaluate(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the policy or the request cannot be used.
    """
    from ...policy.learning.folder import read_description
    from ...workflows.policy_pool import check_source, jobs_for, report_of, roll_out_all
    from ...workflows.render_pool import check_tasks

    check_positive(episodes=options.episodes, workers=options.workers, max_steps=options.max_steps)
    check_seed_option("first-seed", options.first_seed)
    _, config, _ = read_description(options.policy)
    source = check_source(options.demo, config.conditioning)
    tasks = check_tasks([name for name in options.tasks.split(",") if name])
    jobs = jobs_for(options.policy, source, tasks, options.episodes, options.first_seed, options.max_steps)
    outcomes = roll_out_all(jobs, options.out / "outcomes.jsonl", settings_of(options), options.workers)
    report = {"policy": jobs[0].name, "conditioning": config.conditioning, "demo": source, **report_of(outcomes)}
    print_report(report)
    write_json(report, options.json)


def settings_of(options: argparse.Namespace) -> Any:
    """Return what the processes that roll out need to know."""
    from ...workflows.policy_worker import EvaluateSettings

    cache = options.cache or options.out / "demonstrations"
    return EvaluateSettings(options.env, options.weights, cache, not options.no_depth, samples_of(options))


def print_report(report: dict[str, Any]) -> None:
    """Print shares of success by task, with their intervals of 95 %."""
    print(f"{report['policy']} (conditioning {report['conditioning']}, shown: {report['demo']})")
    for task, share in {**report["tasks"], "all tasks": report["all"]}.items():
        low, high = 100 * share["low"], 100 * share["high"]
        counted = f"{share['successes']}/{share['count']}"
        print(f"  {task:<16} {100 * share['share']:5.1f} %   ({low:.0f} to {high:.0f})   {counted}")
    print(f"  failures: {report['failures'] or 'none'}; {report['seconds_a_rollout']:.1f} s a rollout")

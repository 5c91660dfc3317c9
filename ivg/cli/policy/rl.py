"""``ivg-policy train-rl`` and ``evaluate-rl``: a policy conditioned on demonstrations learns by reinforcement."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...io.checks import check_positive
from ..shared.command import add_json_option, write_json
from ..shared.hydra_job import add_settings, run_settings

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ...policy.rl import Episode


def add_train_rl(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a policy by reinforcement (stable-baselines3), conditioned on a demonstration of its scene"
    train = actions.add_parser("train-rl", help=help_text, description=help_text)
    add_settings(
        train,
        "hydra's: output=FOLDER, policy=sb3_sac, sb3_her or sb3_ppo, task='push the plate', demonstrations=generated, "
        "truth or none, policy.reward=tracking or sparse, policy.steps=40000, resume=true, ...",
    )
    train.set_defaults(action=run_train_rl)


def add_evaluate_rl(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "play a policy that train-rl made in scenes that it was not trained in"
    evaluate = actions.add_parser("evaluate-rl", help=help_text, description=help_text)
    evaluate.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="output of train-rl")
    evaluate.add_argument("--episodes", type=int, default=20, metavar="N", help="scenes (default: %(default)s)")
    evaluate.add_argument("--first-scene", type=int, metavar="SEED", help="first scene (default: the held-out ones)")
    add_json_option(evaluate)
    evaluate.set_defaults(action=run_evaluate_rl)


def run_train_rl(options: argparse.Namespace) -> None:
    """Do what the command line asks for; raises an `IvgError` if a setting is wrong."""
    from ...workflows.policy_settings import REINFORCEMENT

    run_settings(options, train_one, REINFORCEMENT, "ivg-policy train-rl")


def train_one(config: DictConfig) -> None:
    """Train what a configuration says."""
    from ...workflows.policy_settings import read_reinforcement
    from ...workflows.rl_training import train_by_reinforcement

    run = read_reinforcement(config)
    source = run.source()
    from ...policy.rl.training import describe_row

    def scene(seed: int, found: bool) -> None:
        if not found:
            print(f"scene {seed}: no hand in the demonstration", flush=True)

    def row(values: dict[str, float]) -> None:
        print(describe_row(values, run.policy.steps), flush=True)

    result = train_by_reinforcement(run, source, progress=row, scene_progress=scene)
    print(f"success on held-out scenes: {result.figures['success']:.0%} after {result.figures['step']:.0f} steps")
    print(f"policy: {result.policy}   curve: {result.output / 'curve.png'}")


def run_evaluate_rl(options: argparse.Namespace) -> None:
    """Do what the command line asks for; raises an `IvgError` if there is no such policy."""
    from ...workflows.rl_training import evaluate_reinforcement

    check_positive(episodes=options.episodes)

    def report(episode: Episode) -> None:
        notes = "" if episode.demo_found else "  no demonstration"
        print(f"scene {episode.seed}: {'done' if episode.success else 'not done'}, {episode.steps} steps{notes}")

    result = evaluate_reinforcement(
        options.run, episodes=options.episodes, first_scene=options.first_scene, progress=report
    )
    figures = result.figures
    interval = f"{figures['success_low']:.0%} to {figures['success_high']:.0%}"
    print(f"{result.task}: success {figures['success']:.0%} ({interval}) in {len(result.episodes)} scenes")
    write_json({"run": str(options.run), **figures, "episodes": [asdict(e) for e in result.episodes]}, options.json)

"""``ivg-policy train-rl``: a policy conditioned on demonstrations learns by reinforcement."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..shared.hydra_job import add_settings, hydra_job, run_settings

if TYPE_CHECKING:
    from omegaconf import DictConfig


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


def run_train_rl(options: argparse.Namespace) -> None:
    """Do what the command line asks for; raises an `IvgError` if a setting is wrong."""
    from ...workflows.policy_settings import REINFORCEMENT

    run_settings(options, train_one, REINFORCEMENT, "ivg-policy train-rl")


def train_one(config: DictConfig) -> None:
    """Train what a configuration says."""

    def scene(seed: int, found: bool) -> None:
        if not found:
            print(f"scene {seed}: no hand in the demonstration", flush=True)

    with hydra_job("ivg-policy train-rl"):
        from ...policy.rl.recorder import describe_row
        from ...workflows.policy_settings import read_reinforcement
        from ...workflows.rl_training import train_by_reinforcement

        run = read_reinforcement(config)
        result = train_by_reinforcement(
            run,
            run.source(),
            progress=lambda row: print(describe_row(row, run.policy.steps), flush=True),
            scene_progress=scene,
        )
    print(f"success on held-out scenes: {result.figures['success']:.0%} after {result.figures['step']:.0f} steps")
    print(f"policy: {result.policy}   curve: {result.output / 'curve.png'}")

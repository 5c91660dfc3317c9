"""``ivg-policy train-rl``: a policy by reinforcement, configured by hydra."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..shared.command import add_action
from ..shared.hydra_job import add_settings, hydra_job, run_settings

if TYPE_CHECKING:
    from omegaconf import DictConfig


def add_train_rl(actions: Any) -> None:
    """Add ``train-rl`` to the parser of ``ivg-policy``."""
    help_text = "train a policy by reinforcement (stable-baselines3), conditioned on a demonstration of its scene"
    train = add_action(actions, "train-rl", help_text, run_train_rl)
    add_settings(
        train,
        "hydra's: output=FOLDER, policy=sb3_sac, sb3_her or sb3_ppo, task='push the plate', demonstrations=generated, "
        "truth or none, policy.reward=tracking or sparse, policy.steps=40000, resume=true, ...",
    )


def run_train_rl(options: argparse.Namespace) -> None:
    """Do what the command line of ``train-rl`` asks for."""
    from ...workflows.policy_settings import REINFORCEMENT

    run_settings(options, train_reinforcement, REINFORCEMENT, "ivg-policy train-rl")


def train_reinforcement(config: DictConfig) -> None:
    """Train by reinforcement what a configuration says."""

    def report_scene(seed: int, found: bool) -> None:
        if not found:
            print(f"scene {seed}: no hand in the demonstration", flush=True)

    with hydra_job("ivg-policy train-rl"):
        from ...policy.rl.evaluation import describe_row
        from ...workflows.policy_settings import read_reinforcement
        from ...workflows.rl_training import train_by_reinforcement

        run = read_reinforcement(config)

        def report_row(row: dict[str, float]) -> None:
            print(describe_row(row, run.policy.steps), flush=True)

        result = train_by_reinforcement(run, run.source(), progress=report_row, scene_progress=report_scene)
    print(f"success on held-out scenes: {result.figures['success']:.0%} after {result.figures['step']:.0f} steps")
    print(f"policy: {result.policy}   curve: {result.output / 'curve.png'}")

"""``ivg-policy train``: a policy from robot episodes, as hydra's configuration says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..shared.hydra_job import add_settings, hydra_job, run_settings

if TYPE_CHECKING:
    from omegaconf import DictConfig


def add_train(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a diffusion policy or behaviour cloning on robot episodes"
    train = actions.add_parser("train", help=help_text, description=help_text)
    add_settings(
        train,
        "hydra's: policy=diffusion or policy=behaviour_cloning, conditioning=demo, text or none, "
        "data.path=EPISODES.zarr, output=FOLDER, train.steps=6000, resume=true, ...",
    )
    train.set_defaults(action=run_train)


def run_train(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    from ...workflows.policy_settings import IMITATION

    run_settings(options, train_one, IMITATION, "ivg-policy train")


def train_one(config: DictConfig) -> None:
    """Train what a configuration says."""
    with hydra_job("ivg-policy train"):
        from ...policy.learning import train_policy
        from ...training import ProgressBar
        from ...workflows.policy_settings import read_policy_run

        result = train_policy(read_policy_run(config), ProgressBar())
    print("held out: " + "  ".join(f"{name} {value:.4g}" for name, value in result.figures.items()))
    print(f"policy: {result.weights}   curves: {result.output / 'curves.png'}")

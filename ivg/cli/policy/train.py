"""``ivg-policy train``: a policy from robot episodes, configured by hydra."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..shared.command import add_action
from ..shared.hydra_job import add_settings, hydra_job, run_settings

if TYPE_CHECKING:
    from omegaconf import DictConfig


def add_train(actions: Any) -> None:
    """Add ``train`` to the parser of ``ivg-policy``."""
    train = add_action(actions, "train", "train a diffusion policy or behaviour cloning on robot episodes", run_train)
    add_settings(
        train,
        "hydra's: policy=diffusion or policy=behaviour_cloning, conditioning=demo, text or none, "
        "data.path=EPISODES.zarr, output=FOLDER, train.steps=6000, resume=true, ...",
    )


def run_train(options: argparse.Namespace) -> None:
    """Do what the command line of ``train`` asks for."""
    from ...workflows.policy_settings import IMITATION

    run_settings(options, train_imitation, IMITATION, "ivg-policy train")


def train_imitation(config: DictConfig) -> None:
    """Train on episodes what a configuration says."""
    with hydra_job("ivg-policy train"):
        from ...policy.learning import train_policy
        from ...training import ProgressBar
        from ...workflows.policy_settings import read_policy_run

        result = train_policy(read_policy_run(config), ProgressBar())
    print("held out: " + "  ".join(f"{name} {value:.4g}" for name, value in result.figures.items()))
    print(f"policy: {result.weights}   curves: {result.output / 'curves.png'}")

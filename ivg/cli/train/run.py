"""``ivg-train train=...``: one training, or many by ``--multirun``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..shared.command import INTERRUPTED
from ..shared.hydra_job import hydra_job, run_hydra

if TYPE_CHECKING:
    from omegaconf import DictConfig


def run_training(arguments: Sequence[str]) -> None:
    """Train as settings say."""
    from ...training.composition import TRAIN_OPTIONS, register

    register(TRAIN_OPTIONS)
    try:
        run_hydra(train_one, arguments, "train", "ivg-train")
    except KeyboardInterrupt:
        print("ivg-train: stopped; resume=true goes on from the last checkpoint, if there is one", file=sys.stderr)
        sys.exit(INTERRUPTED)


def train_one(config: DictConfig) -> None:
    """Train what a configuration says, or report what that would need."""
    with hydra_job("ivg-train"):
        from ...training import ProgressBar, report, train_stage
        from ...training.composition import read_run, read_stage, read_top

        if read_top(config, dry_run=bool)["dry_run"]:
            print(report(*read_stage(config)))
            return
        train_stage(read_run(config), ProgressBar())

"""One training of a policy: reads the episodes, builds the policy, trains it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

from ivg.inputs import check_device
from ivg.training.device import new_accelerator
from ivg.training.progress import ProgressCallback
from ivg.training.trainer import Trainer

from ..provenance import versions
from .config import PolicyRun
from .curves import write_curves
from .data import PolicyData, describe_data, split_episodes
from .policies import new_policy
from .stage import PolicyStage

if TYPE_CHECKING:
    from ivg.training.run import TrainingResult


def train_policy(run: PolicyRun, progress: ProgressCallback | None = None) -> TrainingResult:
    """Train a policy with the loop of `ivg.training`.

    `output` gets `log.jsonl`, `curves.csv`, `curves.png`, `sheet_*.png`, `checkpoint/`, `run.json` and at the end
    `weights/`, the averaged policy.

    Args:
        run: What to train.
        progress: Progress callback, such as `ivg.training.ProgressBar()`.

    Returns:
        Where the policy is, and the last figures on held-out episodes.

    Raises:
        IvgError: If the dataset, the request or the checkpoint cannot be used.
    """
    from ivg.training.run import TrainingResult

    check_device(run.device)
    torch.manual_seed(run.train.seed)
    stage = build_policy_stage(run)
    accelerator = new_accelerator(run.train, run.device)
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator, progress)
    if accelerator.is_main_process:
        (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    try:
        figures = trainer.run()
    finally:
        if accelerator.is_main_process and (run.output / "log.jsonl").exists():
            write_curves(run.output)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return TrainingResult(run.output, run.output / "weights", figures)


def build_policy_stage(run: PolicyRun) -> PolicyStage:
    """Build the policy that a run names, with its episodes and their statistics."""
    train, held_out = split_episodes(run.data)
    notes = {"data": describe_data(run.data, train), "training": asdict(run.train), "versions": versions()}
    policy = new_policy(run.policy, notes)
    data = PolicyData(run.data, train, run.policy)
    data.fit(policy)
    return PolicyStage(policy, run.train, data, PolicyData(run.data, held_out, run.policy))

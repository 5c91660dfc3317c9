"""Trains one policy of the evidence in a process of its own."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from ..errors import IvgError


@dataclass(frozen=True)
class TrainJob:
    """One training.

    Attributes:
        conditioning: What tells the policy its task.
        seed: Of the training.
        settings: As ``ivg-policy train`` takes them.
        output: Its folder.
    """

    conditioning: str
    seed: int
    settings: tuple[str, ...]
    output: Path


def finished(job: TrainJob) -> bool:
    """Tell whether a training is done.

    Raises:
        IvgError: If it was done with other settings or on other episodes.
    """
    from ..policy.learning.data import describe_data, split_episodes
    from ..policy.learning.folder import read_description
    from .policy_settings import read_policy_run

    if not (job.output / "weights").is_dir():
        return False
    run = read_policy_run(job.settings)
    _, config, notes = read_description(job.output / "weights")
    train, _ = split_episodes(run.data)
    if config != run.policy or notes["training"] != vars(run.train) or notes["data"] != describe_data(run.data, train):
        raise IvgError(f"{job.output} was trained with other settings or on other episodes; give another --out")
    return True


def train_one(job: TrainJob) -> str | None:
    """Trains, or goes on where a stopped training left off; returns what is wrong with the request, if anything is."""
    from ..policy.learning import train_policy
    from ..training.checkpoint import FOLDER
    from .policy_settings import read_policy_run

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = read_policy_run(job.settings)
    run.resume = (run.output / FOLDER).exists()
    try:
        train_policy(run)
    except IvgError as error:
        return str(error)
    return None

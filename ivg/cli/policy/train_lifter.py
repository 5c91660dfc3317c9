"""``ivg-policy train-lifter``: the network that brings hand tracks into metres."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from ..shared.command import add_action, values_of
from ..shared.options import add_options, add_values

_VALUES = {
    "steps": (int, "N", "optimiser steps (default: %(default)s)", 1500),
    "batch-size": (int, "N", "hands a step (default: %(default)s)", 48),
    "seed": (int, None, "of weights, order and noise augmentation (default: 0)", 0),
    "limit": (int, "N", "use no more than the first N clips"),
}


def add_train_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    train = add_action(
        actions, "train-lifter", "train a lifter on the clips of a store that are not held out", run_train_lifter
    )
    train.add_argument("--store", type=Path, required=True, metavar="STORE", help="rendered clips with ground truth")
    add_values(train, _VALUES)
    add_options(train, out={"help": "a new folder for the weights"})


def run_train_lifter(options: argparse.Namespace) -> None:
    """Train a lifter, and print the loss now and then."""
    from ...policy.hands3d.training.training import LifterTraining
    from ...workflows.policies.lifter import train_lifter

    settings = LifterTraining(**values_of(options, "steps", "batch_size", "seed"))
    began, recent = time.perf_counter(), list[float]()

    def report(step: int, loss: float) -> None:
        recent[:] = [*recent[-99:], loss]
        if step % 100 == 0 or step == settings.steps:
            seconds = time.perf_counter() - began
            print(f"step {step:>6}  loss {sum(recent) / len(recent):6.1f}  {seconds:.0f} s", flush=True)

    clips = train_lifter(options.store, options.out, settings, limit=options.limit, report=report)
    print(f"{clips} clips; lifter: {options.out}")

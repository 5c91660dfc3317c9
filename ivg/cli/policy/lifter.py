"""``ivg-policy train-lifter`` and ``evaluate-lifter``: the network that brings hand tracks into metres."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...jobs import progress_bar
from ..shared.command import add_action, write_json
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import HELD_OUT_SEEDS, add_options


def add_train_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a lifter on the clips of a store that are not held out"
    train = add_action(actions, "train-lifter", help_text, run_train_lifter)
    train.add_argument("--store", type=Path, required=True, metavar="STORE", help="rendered clips with ground truth")
    train.add_argument("--steps", type=int, default=1500, metavar="N", help="optimiser steps (default: %(default)s)")
    train.add_argument("--batch-size", type=int, default=48, metavar="N", help="hands a step (default: %(default)s)")
    train.add_argument("--seed", type=int, default=0, help="of weights, order and noise augmentation (default: 0)")
    train.add_argument("--limit", type=int, metavar="N", help="use no more than the first N clips")
    add_options(train, out={"help": "a new folder for the weights"})


def add_evaluate_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "compare lifted hands with the truth: those of a store's held-out clips, or of generated ones"
    evaluate = add_action(actions, "evaluate-lifter", help_text, run_evaluate_lifter)
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument("--store", type=Path, metavar="STORE", help="rendered clips with ground truth")
    generated_help = "generate N clips in held-out kitchens, and tell where their hands touch"
    source.add_argument("--generated", type=int, metavar="N", help=generated_help)
    method_help = "how clips of the store are lifted (default: network)"
    evaluate.add_argument("--method", choices=("network", "pnp"), default="network", help=method_help)
    evaluate.add_argument("--lifter", default="kitchen", metavar="NAME", help="name or folder (default: kitchen)")
    evaluate.add_argument("--steps", type=int, metavar="N", help="denoising steps (default: the weights')")
    samples_help = "clips of a scene at most, of which that of best contact is chosen (default: %(default)s)"
    evaluate.add_argument("--samples", type=int, default=4, metavar="N", help=samples_help)
    seed_help = "first seed of the generated clips' scenes (default: %(default)s)"
    evaluate.add_argument("--seed-offset", type=int, default=HELD_OUT_SEEDS, metavar="S", help=seed_help)
    cache_help = "rendered clips, kept for the next time and for ivg-eval (default: %(default)s)"
    evaluate.add_argument("--cache", type=Path, default=Path("out/eval"), help=cache_help)
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="PNG of the distribution of the errors")
    add_options(evaluate, "weights", "device", "json")
    add_launcher_options(evaluate, workers=min(os.cpu_count() or 1, 8))


def run_train_lifter(options: argparse.Namespace) -> None:
    """Train a lifter, and print the loss now and then."""
    from ...policy.hands3d.training.training import LifterTraining
    from ...workflows.policies.lifter import train_lifter

    settings = LifterTraining(steps=options.steps, batch_size=options.batch_size, seed=options.seed)
    began, recent = time.perf_counter(), list[float]()

    def report(step: int, loss: float) -> None:
        recent[:] = [*recent[-99:], loss]
        if step % 100 == 0 or step == settings.steps:
            seconds = time.perf_counter() - began
            print(f"step {step:>6}  loss {sum(recent) / len(recent):6.1f}  {seconds:.0f} s", flush=True)

    clips = train_lifter(options.store, options.out, settings, limit=options.limit, report=report)
    print(f"{clips} clips; lifter: {options.out}")


def run_evaluate_lifter(options: argparse.Namespace) -> None:
    """Evaluate a lifter on a store, or on generated clips."""
    if options.generated is not None:
        _evaluate_generated(options)
        return
    from ...workflows.policies.lifter import evaluate_lifter

    with progress_bar("hands and depths", "clip") as progress:
        report = evaluate_lifter(options.store, method=options.method, lifter=options.lifter, progress=progress)
    print(report.report)
    write_json(report.as_json, options.json)
    if options.picture:
        report.draw_errors(options.picture)
        print(f"image: {options.picture}")


def _evaluate_generated(options: argparse.Namespace) -> None:
    from ...policy.hands3d.lifting import HandLifter
    from ...workflows.policies.lifter_generated import evaluate_generated

    if options.method != "network" or options.picture:
        raise InputError("--generated lifts by the network and draws no image: leave --method and --picture out")
    lifter, names = HandLifter.from_pretrained(options.lifter), ("weights", "cache", "seed_offset", "steps", "samples")
    given = {name: getattr(options, name) for name in (*names, "device")}
    with progress_bar("clips", "clip") as progress:
        contacts = evaluate_generated(
            lifter, options.generated, launcher=launcher_from(options), progress=progress, **given
        )
    last = options.seed_offset + options.generated - 1
    print(f"lifter {options.lifter}, {options.generated} generated clips, seeds {options.seed_offset} to {last}:")
    print(contacts.report)
    write_json({"weights": options.weights, "lifter": lifter.provenance, **contacts.as_json}, options.json)

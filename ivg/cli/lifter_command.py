"""``ivg-policy train-lifter`` and ``evaluate-lifter``: the network that brings hand tracks into metres."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .command import add_json_option, check_positive, write_json

if TYPE_CHECKING:
    from ..policy.lifting import HandLifter
    from ..policy.lifting.samples import StoreHands

BARS = (("all", "median", 8.0), ("contact", "median", 6.0))
"""What the pinch point's error has to stay below for MediaPipe's tracks, mm."""

_INPUT_WORDS = {
    "true": "true 2D joints",
    "found": "MediaPipe's tracks",
    "jittered": "... with 2 % jitter, a fifth of the frames lost",
}


def add_train_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a lifter on the clips of a store that are not held out"
    train = actions.add_parser("train-lifter", help=help_text, description=help_text)
    train.add_argument("--store", type=Path, required=True, metavar="STORE", help="rendered clips with ground truth")
    train.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder for the weights")
    train.add_argument("--steps", type=int, default=1500, metavar="N", help="optimiser steps (default: %(default)s)")
    train.add_argument("--batch-size", type=int, default=48, metavar="N", help="hands a step (default: %(default)s)")
    train.add_argument("--seed", type=int, default=0, help="of weights, order and faults (default: 0)")
    train.add_argument("--limit", type=int, metavar="N", help="use no more than the first N clips")
    train.set_defaults(action=run_train_lifter)


def add_evaluate_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "compare what a lifter says of the held-out clips of a store with the truth"
    evaluate = actions.add_parser("evaluate-lifter", help=help_text, description=help_text)
    evaluate.add_argument("--store", type=Path, required=True, metavar="STORE", help="rendered clips with ground truth")
    evaluate.add_argument("--lifter", default="kitchen", metavar="NAME", help="name or folder (default: kitchen)")
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="PNG of the distribution of the errors")
    add_json_option(evaluate)
    evaluate.set_defaults(action=run_evaluate_lifter)


def run_train_lifter(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the store or the request cannot be used.
    """
    from ..policy.lifting.training import LifterTraining, train_lifter
    from ..staging import refuse_existing

    refuse_existing(options.out, overwrite=False)
    settings = LifterTraining(steps=options.steps, batch_size=options.batch_size, seed=options.seed)
    hands = _read(options.store, held_out=False, limit=options.limit)
    began, recent = time.perf_counter(), []

    def report(step: int, loss: float) -> None:
        recent.append(loss)
        if step % 100 == 0 or step == settings.steps:
            print(
                f"step {step:>6}  loss {np.mean(recent[-100:]):6.1f}  {time.perf_counter() - began:.0f} s", flush=True
            )

    print(f"{len(hands)} clips")
    lifter, notes = train_lifter(hands, settings, report)
    lifter.save(options.out, notes=notes)
    print(f"lifter: {options.out}")


def run_evaluate_lifter(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the store or the lifter cannot be used.
    """
    from ..policy.lifting import HandLifter
    from ..policy.lifting.evaluation import evaluate_lifter

    lifter = HandLifter.from_pretrained(options.lifter)
    hands = _read(options.store, held_out=True)
    figures = evaluate_lifter(lifter, hands, _fps(options.store))
    print(f"lifter {options.lifter}, {len(hands)} held-out clips, the acting hand's pinch point:")
    print("\n".join(table(figures)))
    for part, quantile, bar in BARS:
        value = figures["found"][part]["pinch_mm"][quantile]
        verdict = "met" if value <= bar else "missed"
        print(f"  MediaPipe's tracks, {part}: {quantile} {value:.1f} mm, bar {bar:.0f} mm: {verdict}")
    write_json({"store": str(options.store), "lifter": lifter.provenance, "clips": len(hands), **figures}, options.json)
    if options.picture:
        draw_errors(lifter, hands, _fps(options.store), options.picture)
        print(f"picture: {options.picture}")


def table(figures: dict[str, Any]) -> list[str]:
    """Returns the lines of the table that people read."""
    heads = ("all, median", "90 %", "contact, median", "90 %", "first, median", "90 %", "approach", "lifted")
    lines = [f"  {'':<46}" + "".join(f"{head:>17}" for head in heads)]
    for name, words in _INPUT_WORDS.items():
        part = figures[name]
        cells = [_mm(part[where], q) for where in ("all", "contact", "first_contact") for q in ("median", "p90")]
        cells += [f"{part['contact']['approach_deg']['median']:.1f} deg", f"{part['frames']:.1%}"]
        lines.append(f"  {words:<46}" + "".join(f"{cell:>17}" for cell in cells))
    for task, part in figures["found"]["tasks"].items():
        cells = [_mm(part[where], q) for where in ("all", "contact") for q in ("median", "p90")]
        lines.append(f"    {task:<44}" + "".join(f"{cell:>17}" for cell in cells))
    return lines


def draw_errors(lifter: HandLifter, hands: StoreHands, fps: float, target: Path) -> None:
    """Draws which share of the frames lies within which error, all and at contact, for each kind of tracks."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from ..policy.lifting.evaluation import INPUTS, pinch_errors_mm

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for name in INPUTS:
        errors = pinch_errors_mm(lifter, hands, name, fps)
        for ax, where in zip(axes, (np.ones_like(hands.contact), hands.contact), strict=True):
            values = np.sort(errors[where & np.isfinite(errors)])
            ax.plot(values, np.linspace(0, 1, len(values)), label=_INPUT_WORDS[name])
    for ax, (part, _, bar) in zip(axes, BARS, strict=True):
        ax.axvline(bar, color="0.6", ls=":")
        ax.set(title=f"{part} frames (dotted: bar of the median)", xlabel="error of the pinch point, mm", xlim=(0, 25))
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("share of frames")
    axes[1].legend(fontsize=8)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _mm(part: dict[str, Any], quantile: str) -> str:
    return f"{part['pinch_mm'][quantile]:.1f} mm"


def _read(path: Path, *, held_out: bool, limit: int | None = None) -> StoreHands:
    from ..data.clip_store import ClipStore
    from ..data.split import split_indices
    from ..policy.lifting.samples import StoreHands

    store = ClipStore.open(path)
    indices = split_indices(store.indices_done)[int(held_out)]
    if limit is not None:
        check_positive(limit=limit)
    return StoreHands.read(store, indices[:limit])


def _fps(path: Path) -> float:
    from ..data.clip_store import ClipStore

    return ClipStore.open(path).fps

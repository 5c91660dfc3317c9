"""``ivg-policy train-lifter`` and ``evaluate-lifter``: the network that brings hand tracks into metres."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...io.staging import staged_output
from ..shared.command import add_json_option, check_device, check_positive, write_json

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import LiftedHands
    from ...policy.hands3d.training.samples import StoreHands

TARGETS: dict[str, tuple[tuple[str, str, str, float], ...]] = {
    "network": (("found", "all", "median", 8.0), ("found", "contact", "median", 6.0)),
    "pnp": (("depth", "all", "median", 40.0),),
}
"""What the pinch point's error has to stay below: tracks or way, part, quantile, mm."""

_WORDS = {
    "true": "true 2D joints",
    "found": "MediaPipe's tracks",
    "jittered": "... with 2 % jitter, a fifth of the frames lost",
    "plain": "PnP on MediaPipe's landmarks as they are",
    "sized": "... brought to an average hand's size",
    "depth": "... corrected by the context's depth",
}

Lift = Callable[[str, int], "LiftedHands"]
"""Lifts a clip in one of several ways: `lift(way, clip)`."""


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
    help_text = "compare lifted hands with the truth: those of a store's held-out clips, or of generated ones"
    evaluate = actions.add_parser("evaluate-lifter", help=help_text, description=help_text)
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument("--store", type=Path, metavar="STORE", help="rendered clips with ground truth")
    generated_help = "generate N clips in held-out kitchens, and tell where their hands touch"
    source.add_argument("--generated", type=int, metavar="N", help=generated_help)
    method_help = "how clips of the store are lifted (default: network)"
    evaluate.add_argument("--method", choices=("network", "pnp"), default="network", help=method_help)
    evaluate.add_argument("--lifter", default="kitchen", metavar="NAME", help="name or folder (default: kitchen)")
    evaluate.add_argument("--weights", default="nano", help="the generator's, name or folder (default: nano)")
    evaluate.add_argument("--steps", type=int, metavar="N", help="its denoising steps (default: the weights')")
    samples_help = "clips of a scene at most, of which that of best contact is chosen (default: %(default)s)"
    evaluate.add_argument("--samples", type=int, default=4, metavar="N", help=samples_help)
    evaluate.add_argument(
        "--seed-offset", type=int, default=1_000_000, help="first seed of its scenes (default: %(default)s)"
    )
    cache_help = "rendered clips, kept for the next time and for ivg-eval (default: %(default)s)"
    evaluate.add_argument("--cache", type=Path, default=Path("out/eval"), help=cache_help)
    evaluate.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8), help="processes")
    evaluate.add_argument("--device", default="cpu", help="where the generator computes (default: %(default)s)")
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="PNG of the distribution of the errors")
    add_json_option(evaluate)
    evaluate.set_defaults(action=run_evaluate_lifter)


def run_train_lifter(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the store or the request cannot be used.
    """
    from ...io.staging import refuse_existing
    from ...policy.hands3d.training.training import LifterTraining, train_lifter

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
        IvgError: If the store, the lifter or the generator's weights cannot be used.
    """
    if options.generated is not None:
        _evaluate_generated(options)
        return
    from ...policy.hands3d.training.evaluation import INPUTS, PNP_WAYS, evaluate_lifting

    hands = _read(options.store, held_out=True)
    pnp = options.method == "pnp"
    ways = PNP_WAYS if pnp else INPUTS
    lift, provenance = _pnp(options.store, hands) if pnp else _network(options, hands)
    figures = evaluate_lifting(lift, ways, hands)
    what = "PnP" if pnp else f"lifter {options.lifter}"
    print(f"{what}, {len(hands)} held-out clips, the acting hand's pinch point:")
    print("\n".join(table(figures, ways)))
    for way, part, quantile, bar in TARGETS[options.method]:
        value = figures[way][part]["pinch_mm"][quantile]
        verdict = "met" if value <= bar else "missed"
        print(f"  {_WORDS[way].removeprefix('... ')}, {part}: {quantile} {value:.1f} mm, bar {bar:.0f} mm: {verdict}")
    print("\n".join(contact_lines(figures, ways)))
    write_json({"store": str(options.store), "lifter": provenance, "clips": len(hands), **figures}, options.json)
    if options.picture:
        draw_errors(lift, ways, hands, options.method, options.picture)
        print(f"picture: {options.picture}")


def _network(options: argparse.Namespace, hands: StoreHands) -> tuple[Lift, dict[str, Any]]:
    from ...policy.hands3d.lifting import HandLifter
    from ...policy.hands3d.training.evaluation import lifted_by_network

    lifter = HandLifter.from_pretrained(options.lifter)
    return lifted_by_network(lifter, hands, _fps(options.store)), lifter.provenance


def _pnp(path: Path, hands: StoreHands) -> tuple[Lift, dict[str, Any]]:
    """Finds the hands anew, as the store has no metric landmarks, and lays the scenes out again for their depth."""
    from tqdm import tqdm

    from ...data.clip_store import ClipStore
    from ...hands import MediaPipeHands
    from ...policy.hands3d.training.evaluation import lifted_by_pnp
    from ...workflows.context_depth import ContextDepth

    store = ClipStore.open(path)
    found, depths = [], []
    with MediaPipeHands() as detector, ContextDepth(store.size) as contexts:
        for index in tqdm(hands.index, desc="hands and depths", unit="clip"):
            frames = np.asarray(store.array("frames")[int(index)])
            depths.append(contexts(store.info(int(index)), frames[0]))
            found.append(detector.metric(frames))
    return lifted_by_pnp(found, depths, hands, store.fps), {"method": "pnp"}


def _evaluate_generated(options: argparse.Namespace) -> None:
    from ...policy.hands3d.lifting import HandLifter
    from ...workflows.lifter_generated import evaluate_generated, generated_lines

    check_device(options.device)
    check_positive(generated=options.generated, steps=options.steps, workers=options.workers, samples=options.samples)
    if options.method != "network" or options.picture:
        raise InputError("--generated lifts by the network and draws no picture: leave --method and --picture out")
    lifter = HandLifter.from_pretrained(options.lifter)
    figures = evaluate_generated(
        lifter,
        options.generated,
        weights=options.weights,
        cache=options.cache,
        workers=options.workers,
        seed_offset=options.seed_offset,
        steps=options.steps,
        samples=options.samples,
        device=options.device,
    )
    last = options.seed_offset + options.generated - 1
    print(f"lifter {options.lifter}, {options.generated} generated clips, seeds {options.seed_offset} to {last}:")
    print("\n".join(generated_lines(figures)))
    write_json({"weights": options.weights, "lifter": lifter.provenance, **figures}, options.json)


def table(figures: dict[str, Any], ways: Sequence[str]) -> list[str]:
    """Returns the lines of the table that people read."""
    heads = ("all, median", "90 %", "contact, median", "90 %", "first, median", "90 %", "approach", "lifted")
    lines = [f"  {'':<46}" + "".join(f"{head:>17}" for head in heads)]
    for name in ways:
        part = figures[name]
        cells = [_mm(part[where], q) for where in ("all", "contact", "first_contact") for q in ("median", "p90")]
        cells += [f"{part['contact']['approach_deg']['median']:.1f} deg", f"{part['frames']:.1%}"]
        lines.append(f"  {_WORDS[name]:<46}" + "".join(f"{cell:>17}" for cell in cells))
    for task, part in figures[_shown(ways)]["tasks"].items():
        cells = [_mm(part[where], q) for where in ("all", "contact") for q in ("median", "p90")]
        lines.append(f"    {task:<44}" + "".join(f"{cell:>17}" for cell in cells))
    return lines


def contact_lines(figures: dict[str, Any], ways: Sequence[str]) -> list[str]:
    """Returns lines that tell how right `contact_frames` is."""
    names = {"opening": "from the hand alone", "place": "the object's place known"}
    lines = [f"contact_frames, {_WORDS[_shown(ways)].removeprefix('... ')}:"]
    for name, part in figures[_shown(ways)]["contact_frames"].items():
        lines.append(
            f"  {names[name]:<26} precision {part['precision']:.2f}, recall {part['recall']:.2f}; first contact off by "
            f"{part['first_error']:.2f} frames, by at most one in {part['first_within_1']:.0%}, none found in "
            f"{part['none']:.0%}"
        )
    return lines


def _shown(ways: Sequence[str]) -> str:
    """Return the way that is told of in detail."""
    return "found" if "found" in ways else ways[-1]


def draw_errors(lift: Lift, ways: Sequence[str], hands: StoreHands, method: str, target: Path) -> None:
    """Draws which share of the frames lies within which error, all and at contact, for each way of lifting."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from ...policy.hands3d.training.evaluation import pinch_errors_mm

    bars = {part: bar for _, part, _, bar in TARGETS[method]}
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for name in ways:
        errors = pinch_errors_mm(lift, name, hands)
        for ax, where in zip(axes, (np.ones_like(hands.contact), hands.contact), strict=True):
            values = np.sort(errors[where & np.isfinite(errors)])
            ax.plot(values, np.linspace(0, 1, len(values)), label=_WORDS[name])
    for ax, part in zip(axes, ("all", "contact"), strict=True):
        if part in bars:
            ax.axvline(bars[part], color="0.6", ls=":")
        title = f"{part} frames" + (" (dotted: bar of the median)" if part in bars else "")
        ax.set(title=title, xlabel="error of the pinch point, mm", xlim=(0, 3.1 * max(bars.values())))
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("share of frames")
    axes[1].legend(fontsize=8)
    with staged_output(target, overwrite=True) as stage:
        figure.savefig(stage, dpi=110)
    plt.close(figure)


def _mm(part: dict[str, Any], quantile: str) -> str:
    return f"{part['pinch_mm'][quantile]:.1f} mm"


def _read(path: Path, *, held_out: bool, limit: int | None = None) -> StoreHands:
    from ...data.clip_store import ClipStore
    from ...data.split import split_indices
    from ...policy.hands3d.training.samples import StoreHands

    store = ClipStore.open(path)
    indices = split_indices(store.indices_done)[int(held_out)]
    if limit is not None:
        check_positive(limit=limit)
    return StoreHands.read(store, indices[:limit])


def _fps(path: Path) -> float:
    from ...data.clip_store import ClipStore

    return ClipStore.open(path).fps

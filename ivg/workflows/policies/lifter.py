"""Training and evaluation of lifters, the networks that bring hand tracks into metres, on clip stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.clip_store import ClipStore
from ...errors import unknown_option
from ...io.checks import check_positive
from ...io.staging import refuse_existing
from ...jobs import Progress
from ..clips.context_depth import ContextDepth

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import LiftedHands
    from ...policy.hands3d.training.samples import StoreHands
    from ...policy.hands3d.training.training import LifterTraining

METHODS = ("network", "pnp")  # how clips of a store are lifted

TARGETS: dict[str, tuple[tuple[str, str, str, float], ...]] = {  # limits of the pinch point's error:
    "network": (("found", "all", "median", 8.0), ("found", "contact", "median", 6.0)),  # input, part, quantile, mm
    "pnp": (("depth", "all", "median", 40.0),),
}

_WORDS = {
    "true": "true 2D joints",
    "found": "MediaPipe's tracks",
    "jittered": "... with 2 % jitter, a fifth of the frames lost",
    "plain": "PnP on MediaPipe's landmarks as they are",
    "sized": "... brought to an average hand's size",
    "depth": "... corrected by the context's depth",
}


def train_lifter(
    store: Path,
    out: Path,
    settings: LifterTraining,
    *,
    limit: int | None = None,
    report: Callable[[int, float], None] | None = None,
) -> int:
    """Train a lifter on the clips of a store, rendered with ground truth, that are not held out.

    Args:
        store: The clips.
        out: A new folder for the weights.
        settings: Of the training.
        limit: Use no more than the first so many clips.
        report: Called with step and loss after each step.

    Returns:
        The number of clips trained on.

    Raises:
        IvgError: The store cannot be used, or the folder exists.
    """
    from ...policy.hands3d.training import training

    check_positive(limit=limit)
    refuse_existing(out, overwrite=False)
    hands = _read(store, held_out=False, limit=limit)
    lifter, notes = training.train_lifter(hands, settings, report)
    lifter.save(out, notes=notes)
    return len(hands)


@dataclass(frozen=True, eq=False)
class LifterReport:
    """How far lifted hands are off, the acting hand only."""

    store: Path
    name: str  # what lifted the clips, in words
    method: str  # one of `METHODS`
    provenance: dict[str, Any]  # of the lifter
    inputs: Sequence[str]  # what was lifted: kinds of tracks, or variants of PnP
    figures: dict[str, Any]  # by input, what `ivg.policy.hands3d.training.evaluation.evaluate_lifting` returns
    hands: StoreHands  # the clips' true hands
    lift: Callable[[str, int], LiftedHands]  # lifts a clip: `lift(input, clip)`

    @property
    def as_json(self) -> dict[str, Any]:
        """All figures."""
        notes = {"store": str(self.store), "lifter": self.provenance, "clips": len(self.hands)}
        return {**notes, **self.figures}

    @property
    def report(self) -> str:
        """The figures as tables, with the targets."""
        heads = ("all, median", "90 %", "contact, median", "90 %", "first, median", "90 %", "approach", "lifted")
        lines = [
            f"{self.name}, {len(self.hands)} held-out clips, the acting hand's pinch point:",
            f"  {'':<46}" + "".join(f"{head:>17}" for head in heads),
        ]
        for name in self.inputs:
            part = self.figures[name]
            cells = [_mm(part[where], q) for where in ("all", "contact", "first_contact") for q in ("median", "p90")]
            cells += [f"{part['contact']['approach_deg']['median']:.1f} deg", f"{part['frames']:.1%}"]
            lines.append(f"  {_WORDS[name]:<46}" + "".join(f"{cell:>17}" for cell in cells))
        main = "found" if "found" in self.inputs else self.inputs[-1]  # the input that is reported in detail
        for task, part in self.figures[main]["tasks"].items():
            cells = [_mm(part[where], q) for where in ("all", "contact") for q in ("median", "p90")]
            lines.append(f"    {task:<44}" + "".join(f"{cell:>17}" for cell in cells))
        for name, where, quantile, target in TARGETS[self.method]:
            value = self.figures[name][where]["pinch_mm"][quantile]
            verdict = f"target {target:.0f} mm: {'met' if value <= target else 'missed'}"
            lines.append(f"  {_WORDS[name].removeprefix('... ')}, {where}: {quantile} {value:.1f} mm, {verdict}")
        lines.append(f"contact_frames, {_WORDS[main].removeprefix('... ')}:")
        names = {"opening": "from the hand alone", "place": "the object's position known"}
        for name, part in self.figures[main]["contact_frames"].items():
            lines.append(
                f"  {names[name]:<28} precision {part['precision']:.2f}, recall {part['recall']:.2f}; first contact "
                f"off by {part['first_error']:.2f} frames, by at most one in {part['first_within_1']:.0%}, none found "
                f"in {part['none']:.0%}"
            )
        return "\n".join(lines)

    def draw_errors(self, target: Path) -> None:
        """Draw which fraction of the frames lies within which error, all and at contact, for each input."""
        from ...policy.hands3d.training.evaluation import pinch_errors_mm
        from ...viz.plots import new_figure, save_plot

        targets = {part: target for _, part, _, target in TARGETS[self.method]}
        figure, axes = new_figure(9, 3.6, 2)
        contact = self.hands.contact
        for name in self.inputs:
            errors = pinch_errors_mm(self.lift, name, self.hands)
            for ax, where in zip(axes, (np.ones_like(contact), contact), strict=True):
                values = np.sort(errors[where & np.isfinite(errors)])
                ax.plot(values, np.linspace(0, 1, len(values)), label=_WORDS[name])
        for ax, part in zip(axes, ("all", "contact"), strict=True):
            title = f"{part} frames"
            if part in targets:
                ax.axvline(targets[part], color="0.6", ls=":")
                title += " (dotted: target of the median)"
            ax.set(title=title, xlabel="error of the pinch point, mm", xlim=(0, 3.1 * max(targets.values())))
            ax.grid(alpha=0.3)
        axes[0].set_ylabel("fraction of frames")
        axes[1].legend(fontsize=8)
        save_plot(figure, target)


def _mm(part: dict[str, Any], quantile: str) -> str:
    return f"{part['pinch_mm'][quantile]:.1f} mm"


def evaluate_lifter(
    store: Path, *, method: str = "network", lifter: str = "kitchen", progress: Progress | None = None
) -> LifterReport:
    """Compare lifted hands with the truth, on the held-out clips of a store that was rendered with ground truth.

    Args:
        store: The clips.
        method: One of `METHODS`.
        lifter: Name or folder, for the method "network".
        progress: Progress callback.

    Raises:
        IvgError: The store or the lifter cannot be used.
    """
    from ...policy.hands3d.lifting import HandLifter
    from ...policy.hands3d.training import evaluation

    if method not in METHODS:
        raise unknown_option("method", method, METHODS)
    hands = _read(store, held_out=True)
    inputs: Sequence[str] = evaluation.INPUTS
    if method == "network":
        network = HandLifter.from_pretrained(lifter)
        lift = evaluation.lifted_by_network(network, hands, ClipStore.open(store).fps)
        name, provenance = f"lifter {lifter}", network.provenance
    else:
        inputs, name, provenance = evaluation.PNP_INPUTS, "PnP", {"method": "pnp"}
        lift = _pnp(store, hands, progress)
    figures = evaluation.evaluate_lifting(lift, inputs, hands)
    return LifterReport(store, name, method, provenance, inputs, figures, hands, lift)


def _pnp(path: Path, hands: StoreHands, progress: Progress | None) -> Callable[[str, int], LiftedHands]:
    """Find the hands anew, as the store has no metric landmarks, and lay the scenes out again for their depth."""
    from ...hands import MediaPipeHands
    from ...policy.hands3d.training.evaluation import lifted_by_pnp

    store = ClipStore.open(path)
    found, depths = [], []
    with MediaPipeHands() as detector, ContextDepth(store.size) as contexts:
        for count, index in enumerate(hands.index, 1):
            frames = np.asarray(store.array("frames")[int(index)])
            depths.append(contexts(store.info(int(index)), frames[0]))
            found.append(detector.metric(frames))
            if progress is not None:
                progress(count, len(hands))
    return lifted_by_pnp(found, depths, hands, store.fps)


def _read(path: Path, *, held_out: bool, limit: int | None = None) -> StoreHands:
    from ...data.split import split_indices
    from ...policy.hands3d.training.samples import StoreHands

    store = ClipStore.open(path)
    return StoreHands.read(store, split_indices(store.indices_done)[int(held_out)][:limit])

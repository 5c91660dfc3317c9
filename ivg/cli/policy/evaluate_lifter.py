"""``ivg-policy evaluate-lifter``: lifted hands compared with the truth."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..shared.command import add_action, show, values_of
from ..shared.launcher_options import add_launcher_options
from ..shared.options import HELD_OUT_SEEDS, add_options, add_values
from ..shared.progress import progress_bar
from .lifter_contacts import evaluate_contacts

_SOURCES = {
    "store": (Path, "STORE", "rendered clips with ground truth"),
    "generated": (int, "N", "generate N clips in held-out kitchens, and tell where their hands touch"),
}
_CACHE = "rendered clips, kept for the next time and for ivg-eval (default: %(default)s)"
_VALUES: dict[str, tuple[Any, ...]] = {
    "method": (("network", "pnp"), None, "how clips of the store are lifted (default: network)", "network"),
    "lifter": (str, "NAME", "name or folder (default: kitchen)", "kitchen"),
    "steps": (int, "N", "denoising steps (default: the weights')"),
    "samples": (int, "N", "clips of a scene at most, the one of best contact is chosen (default: %(default)s)", 4),
    "seed-offset": (int, "S", "first seed of the generated clips' scenes (default: %(default)s)", HELD_OUT_SEEDS),
    "cache": (Path, None, _CACHE, Path("out/eval")),
    "plot": (Path, "FILE", "PNG of the distribution of the errors"),
}


def add_evaluate_lifter(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "compare lifted hands with the truth: those of a store's held-out clips, or of generated ones"
    evaluate = add_action(actions, "evaluate-lifter", help_text, run_evaluate_lifter)
    source = evaluate.add_mutually_exclusive_group(required=True)
    add_values(source, _SOURCES)
    add_values(evaluate, _VALUES)
    add_options(evaluate, "weights", "device", "json")
    add_launcher_options(evaluate, workers=min(os.cpu_count() or 1, 8))


def run_evaluate_lifter(options: argparse.Namespace) -> None:
    """Evaluate a lifter on a store, or on generated clips."""
    if options.generated is not None:
        evaluate_contacts(options)
        return
    from ...workflows.policies.lifter import evaluate_lifter

    with progress_bar("hands and depths", "clip") as progress:
        report = evaluate_lifter(options.store, progress=progress, **values_of(options, "method", "lifter"))
    show(report, options)
    if options.plot:
        report.draw_errors(options.plot)
        print(f"plot: {options.plot}")

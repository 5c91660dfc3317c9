"""From the clips of an ablation to its figures, its table and its plot."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..io.staging import staged_output
from .ablation_rows import Row

COLUMNS = {
    "hs_err": ("HS-Err ↓", "{:.4f}"),
    "fvd": ("FVD ↓", "{:.0f}"),
    "hands": ("hands found ↑", "{:.3f}"),
    "region_iou": ("mask IoU ↑", "{:.3f}"),
}


def figures_of(
    rows: Sequence[Row], results: dict[tuple[int, int], list[Any]], held_out: Any, options: argparse.Namespace
) -> dict[str, Any]:
    """Returns the figures of every row, a value for each sampling seed.

    Args:
        rows: The rows.
        results: `AblateResult` by row and seed, in the order of the scenes.
        held_out: The store of the scenes' true clips.
        options: The command's.
    """
    fvd = _fvd(held_out, options)
    figures: dict[str, Any] = {
        "steps": options.steps,
        "batch_size": options.batch_size,
        "scenes": options.scenes,
        "seeds": options.seeds,
        "sampling_steps": options.sampling_steps,
        "start": str(options.start),
        "fvd_unavailable": "" if callable(fvd) else fvd,
        "rows": [],
    }
    for row in rows:
        by_seed = [results[row.number, seed] for seed in range(options.seeds)]
        values = {
            "hs_err": [_mean(clips, "hs_err") for clips in by_seed],
            "fvd": [fvd(clips) for clips in by_seed] if callable(fvd) else [],
            "hands": [_sum(clips, "hands_found") / _sum(clips, "hands_found_truth") for clips in by_seed],
            "region_iou": [_mean(clips, "region_iou") for clips in by_seed],
        }
        figures["rows"].append(
            {"number": row.number, "mask": row.title, "hand_loss": row.hand_loss, "training": row.run, **values}
        )
    return figures


def table_of(figures: dict[str, Any]) -> str:
    """Returns the table in Markdown: means over the sampling seeds, with their standard deviation."""
    lines = [
        f"{figures['steps']} steps of {figures['batch_size']} clips for every training, from {figures['start']!r}; "
        f"{figures['scenes']} held-out scenes, {figures['seeds']} sampling seeds (mean ± standard deviation).",
        "",
        "| # | mask | hand loss | " + " | ".join(title for title, _ in COLUMNS.values()) + " |",
        "|---|---|---|" + "---|" * len(COLUMNS),
    ]
    for row in figures["rows"]:
        cells = [_cell(row[key], form) for key, (_, form) in COLUMNS.items()]
        lines.append(
            f"| {row['number']} | {row['mask']} | {'yes' if row['hand_loss'] else 'no'} | {' | '.join(cells)} |"
        )
    if figures["fvd_unavailable"]:
        lines += ["", f"FVD: unavailable ({figures['fvd_unavailable']})."]
    return "\n".join(lines)


def draw_plot(figures: dict[str, Any], target: Path) -> None:
    """Draws every column as points by row, one a seed, with their mean."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = {key: title for key, (title, _) in COLUMNS.items() if any(row[key] for row in figures["rows"])}
    figure, axes = plt.subplots(1, len(shown), figsize=(3.2 * len(shown), 3.2), squeeze=False)
    names = [f"{row['number']}" for row in figures["rows"]]
    for axis, (key, title) in zip(axes[0], shown.items(), strict=True):
        for place, row in enumerate(figures["rows"]):
            colour = "#ee6622" if row["hand_loss"] else "#2e86de"
            axis.scatter([place] * len(row[key]), row[key], color=colour, s=18, alpha=0.6)
            axis.hlines(np.mean(row[key]), place - 0.3, place + 0.3, color=colour, linewidth=2)
        axis.set_xticks(range(len(names)), names)
        axis.set_title(title)
        axis.set_xlabel("row (orange: with the hand loss)")
        axis.grid(axis="y", alpha=0.3)
    figure.tight_layout()
    with staged_output(target, overwrite=True) as stage:
        figure.savefig(stage, dpi=110)
    plt.close(figure)


def _fvd(held_out: Any, options: argparse.Namespace) -> Callable[[list[Any]], float] | str:
    """Returns a function from results to their FVD, or why there is none."""
    from ..metrics.paper_figures import NetworkSources, paper_figures

    records = [held_out.read(scene) for scene in range(options.scenes)]
    truth, texts = np.stack([record.frames for record in records]), [record.text for record in records]
    sources, cache = NetworkSources(("i3d",), device=options.device), held_out.path.with_name("features")

    def distance(clips: list[Any]) -> float:
        sets = {"generated": np.stack([clip.frames for clip in clips])}
        return paper_figures(sets, truth, texts, sources, cache=cache)["fvd"].values["generated"]

    still = {"still": np.repeat(truth[:, :1], truth.shape[1], 1)}
    reason = paper_figures(still, truth, texts, sources, fixed=["still"], cache=cache)["fvd"].unavailable
    return reason or distance


def _cell(values: list[float], form: str) -> str:
    if not values:
        return "unavailable"
    mean = form.format(np.mean(values))
    return mean if len(values) == 1 else f"{mean} ± {form.format(np.std(values, ddof=1))}"


def _mean(clips: list[Any], name: str) -> float:
    return float(np.nanmean([clip.figures[name] for clip in clips]))


def _sum(clips: list[Any], name: str) -> float:
    return float(np.sum([clip.figures[name] for clip in clips]))

"""From the clips of an ablation to its figures, its table and its plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.clip_store import ClipStore
from ..metrics.detection import ratio
from ..metrics.networks.sources import NetworkSources
from ..metrics.paper_figures import paper_figures
from ..viz.plots import BLUE, ORANGE, draw_points, new_figure, save_plot

if TYPE_CHECKING:
    from .ablation_rows import JudgedClip, Row

COLUMNS = {
    "hs_err": ("HS-Err ↓", "{:.4f}"),
    "fvd": ("FVD ↓", "{:.0f}"),
    "hands": ("hands found ↑", "{:.3f}"),
    "region_iou": ("mask IoU ↑", "{:.3f}"),
}


def ablation_figures(
    rows: Sequence[Row],
    clips: Mapping[tuple[int, int], Sequence[JudgedClip]],
    held_out: ClipStore,
    settings: dict[str, Any],
    device: str,
) -> dict[str, Any]:
    """Returns the settings of the ablation and the figures of every row, a value for each sampling seed.

    `clips` are by row and seed, in the order of the held-out scenes; `device` is where the network of FVD computes.
    """
    fvd = _fvd(held_out, settings["scenes"], device)
    figures: dict[str, Any] = {**settings, "fvd_unavailable": "" if callable(fvd) else fvd, "rows": []}
    for row in rows:
        by_seed = [clips[row.number, seed] for seed in range(settings["seeds"])]
        figures["rows"].append(
            {
                "number": row.number,
                "mask": row.title,
                "hand_loss": row.hand_loss,
                "training": row.run,
                "hs_err": [float(np.nanmean(_values(own, "hs_err"))) for own in by_seed],
                "fvd": [fvd(own) for own in by_seed] if callable(fvd) else [],
                "hands": [
                    ratio(sum(_values(own, "hands_found")), sum(_values(own, "hands_found_truth"))) for own in by_seed
                ],
                "region_iou": [float(np.nanmean(_values(own, "region_iou"))) for own in by_seed],
            }
        )
    return figures


def _fvd(held_out: ClipStore, scenes: int, device: str) -> Callable[[Sequence[JudgedClip]], float] | str:
    """Returns a function from clips to their FVD, or why there is none."""
    records = [held_out.read(scene) for scene in range(scenes)]
    truth, texts = np.stack([record.frames for record in records]), [record.text for record in records]
    sources, cache = NetworkSources(("i3d",), device=device), held_out.path.with_name("features")

    def distance(clips: Sequence[JudgedClip]) -> float:
        sets = {"generated": np.stack([frames for frames, _ in clips])}
        return paper_figures(sets, truth, texts, sources, cache=cache)["fvd"].values["generated"]

    still = {"still": np.repeat(truth[:, :1], truth.shape[1], 1)}
    reason = paper_figures(still, truth, texts, sources, fixed=["still"], cache=cache)["fvd"].unavailable
    return reason or distance


def _values(clips: Sequence[JudgedClip], name: str) -> list[float]:
    return [figures[name] for _, figures in clips]


def ablation_table(figures: dict[str, Any]) -> str:
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


def _cell(values: list[float], form: str) -> str:
    if not values:
        return "unavailable"
    mean = form.format(np.mean(values))
    return mean if len(values) == 1 else f"{mean} ± {form.format(np.std(values, ddof=1))}"


def draw_ablation(figures: dict[str, Any], target: Path) -> None:
    """Draws every column as points by row, one for each seed, with their mean."""
    rows = figures["rows"]
    shown = {key: title for key, (title, _) in COLUMNS.items() if any(row[key] for row in rows)}
    figure, axes = new_figure(3.2 * len(shown), 3.2, len(shown))
    colours = [ORANGE if row["hand_loss"] else BLUE for row in rows]
    for axis, (key, title) in zip(axes, shown.items(), strict=True):
        draw_points(axis, [row[key] for row in rows], colours, [str(row["number"]) for row in rows])
        axis.set_title(title)
        axis.set_xlabel("row (orange: with the hand loss)")
    save_plot(figure, target)

"""The tables of an evaluation in Markdown."""

from __future__ import annotations

import math
from typing import Any

from ..metrics.paper_figures import FIGURES
from ..viz.plots import markdown_table
from .summary import TARGETS, lookup

_HS_ERR = {
    "generated": "generated, predicted region",
    "given_region": "generated, the ground truth's region",
    "reconstruction": "the ground truth through the autoencoder",
    "other_scene": "ground truth of another scene, same task",
    "still": "the context frame, still",
}


def tables_of(figures: dict[str, Any], size: int) -> dict[str, str]:
    """Returns all tables of an evaluation's figures by their titles; `size` is the clips' width in pixels."""
    hs_err = [[title, f"{figures['hs_err'][name]:.5f}"] for name, title in _HS_ERR.items()]
    return {
        "The paper's table, over the last 15 frames (frame 0 is the context)": paper_table(figures),
        "Targets": targets_table(figures),
        "Hand structure error (Eq. 2, squared fractions of the image)": markdown_table(["clips", "HS-Err"], hs_err),
        "By task: moved objects at the end of the clip against the ground truth": task_table(figures, size),
        "Further figures": notes(figures, size),
    }


def paper_table(figures: dict[str, Any]) -> str:
    """Returns the paper's table: HS-Err first, then its columns in their order, then further figures."""
    clips = f"{figures['scenes']} clips"
    rows = [_row("HS-Err", figures["hs_err"]["generated"], figures["hs_err"]["still"], "lower", clips, "MediaPipe")]
    marks: dict[str, str] = {}
    for key, empty in FIGURES.items():
        row = figures["paper"][key]
        if row["unavailable"]:
            rows.append([empty.title, "unavailable", "", "", "", row["unavailable"]])
            continue
        mark = f" {marks.setdefault(row['warning'], '*' * (len(marks) + 1))}" if row["warning"] else ""
        values = row.get("generated"), row.get("still")
        rows.append(_row(empty.title, *values, row["better"], row["over"], f"{row['network']}{mark}"))
    found = f"{figures['hands']['relative_rate']:.1%}"
    rows.append(["hands found, of the truth's rate", found, "", "higher", clips, "MediaPipe"])
    rows.append(["background PSNR", f"{figures['background_db']:.1f} dB", "", "higher", clips, ""])
    table = markdown_table(["figure", "generated", "context, still", "better", "over", "network"], rows)
    notes = [f"{mark} {warning}" for warning, mark in marks.items()]
    return "\n".join([table, "", *notes] if notes else [table])


def _row(title: str, own: float | None, still: float | None, better: str, over: str, network: str) -> list[str]:
    """Returns the cells of a row; values with five significant digits, and at most five after the point."""
    shown = ["" if value is None else f"{value:.5f}" if abs(value) < 1 else f"{value:#.5g}" for value in (own, still)]
    return [title, *shown, better, over, network]


def targets_table(figures: dict[str, Any]) -> str:
    """Returns the targets: what, value, target, whether it is reached."""
    verdicts = {True: "reached", False: "MISSED", None: "not taken"}
    rows = []
    for target in TARGETS:
        value, wanted = _shown(lookup(figures, target.key), target.unit), _shown(target.wanted(figures), target.unit)
        rows.append([target.title, value, f">= {wanted}", verdicts[target.reached(figures)]])
    return markdown_table(["figure", "value", "target", "verdict"], rows)


def _shown(value: float, unit: str) -> str:
    if math.isnan(value):
        return "-"
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{value:.1f} dB" if unit == "dB" else f"{value:.3f}"


def task_table(figures: dict[str, Any], size: int) -> str:
    """Returns the figures by task; positions in pixels of an image `size` wide; "(still)" is the context frame."""
    columns = (
        ("scenes", "scenes", "{:.0f}", 1),
        ("hands", "hands", "{:.1%}", 1),
        ("HS-Err", "hs_err", "{:.4f}", 1),
        ("region IoU", "region_iou", "{:.2f}", 1),
        ("position px", "place_error", "{:.1f}", size),
        ("(still)", "place_error_still", "{:.1f}", size),
        ("colour dE", "colour_error", "{:.1f}", 1),
        ("(still)", "colour_error_still", "{:.1f}", 1),
        ("lost", "lost", "{:.0%}", 1),
    )
    rows = [
        [task, *(form.format(row[key] * factor) for _, key, form, factor in columns)]
        for task, row in figures["by_task"].items()
    ]
    return markdown_table(["task", *(head for head, *_ in columns)], rows)


def notes(figures: dict[str, Any], size: int) -> str:
    """Returns the figures that have no target, as a list."""
    skin, hands, region, area = (figures[name] for name in ("skin", "hands", "region", "area"))
    lines = [
        f"hands found in {hands['rate']:.1%} of the wanted ones, in the ground truth {hands['rate_truth']:.1%}",
        f"skin tone's spread within a clip: dE {skin['skin_spread']:.1f}, in the ground truth "
        f"{skin['skin_spread_truth']:.1f}; from the person's own tone: dE {skin['skin_difference']:.1f}",
        f"pixels that are not the context frame's own: {area['touched_area']:.0%} of the image (elsewhere "
        f"{figures['untouched_db']:.0f} dB); in truth arms and objects pass over {area['moving_area']:.0%}",
        f"regions: {region['prior_mask_name']}: IoU {region['prior_mask']:.3f}; best {region['fixed_box_name']}: "
        f"IoU {region['fixed_box']:.3f} (both chosen on the regions that they are judged on)",
    ]
    lines += [
        f"moved objects, {name}: position off by {row['place_error'] * size:.1f} px at the median, "
        f"{row['place_error_p90'] * size:.1f} px at 90 %, colour by dE {row['colour_error']:.1f}, "
        f"{row['lost']:.0%} lost"
        for name, row in figures["objects"].items()
    ]
    seconds = ", ".join(f"{name} {value:.2f}" for name, value in figures["seconds"].items())
    lines.append(f"median seconds a clip: {seconds}")
    if text := figures.get("text"):
        lines.append(
            f"prompts: {text['prompts']} in {text['scenes']} scenes, {text['paraphrase_prompts']} paraphrases; chance "
            f"would be right in {text['chance']:.0%}, true performances are in {text['truth']:.0%}"
        )
    return "\n".join(f"- {line}" for line in lines)

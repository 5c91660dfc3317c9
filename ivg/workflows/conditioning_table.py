"""From the rollouts of the evidence to its figures, its table and its plot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .conditioning_rows import ROWS

OF_TRUTH, OF_NOTHING = 0.8, 2.0
"""The bars: success with generated demonstrations over that with true ones, and over that of policies shown nothing."""


def figures_of(outcomes: dict[Any, list[Any]], options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures.

    Args:
        outcomes: By row's name and training seed.
        options: The command's.
    """
    from ..policy.datasets import EpisodeStore
    from ..policy.evaluation import reasons, success_rate, success_rates_by

    with EpisodeStore(options.data) as store:
        episodes = len(store)
    figures: dict[str, Any] = {
        "data": options.data.name,
        "episodes_in_data": episodes,
        "policy": options.policy,
        "steps": options.steps,
        "seeds": options.seeds,
        "episodes": options.episodes,
        "rows": {},
    }
    for row in ROWS:
        by_seed = [outcomes[row.name, seed] for seed in range(options.seeds)]
        every = [outcome for some in by_seed for outcome in some]
        figures["rows"][row.name] = {
            "title": row.title,
            "conditioning": row.conditioning,
            "all": success_rate(every).as_json,
            "by_training_seed": [success_rate(some).value for some in by_seed],
            "tasks": {task: share.as_json for task, share in success_rates_by(every, "task").items()},
            "failures": reasons(every),
        }
    return figures


def table_of(figures: dict[str, Any]) -> str:
    """Return the table in Markdown: success, its interval, each training's; then each task's."""
    rows = figures["rows"]
    tasks = sorted({task for row in rows.values() for task in row["tasks"]})
    lines = [
        f"{figures['episodes_in_data']} episodes of `{figures['data']}`; {figures['policy']}, {figures['steps']} "
        f"steps, {figures['seeds']} training seeds, {figures['episodes']} held-out scenes for each of {len(tasks)} "
        "tasks and training seed. Crashes count as failures.",
        "",
        "| the policy is shown | success | 95 % interval | by training seed | rollouts |",
        "|---|---|---|---|---|",
    ]
    for row in rows.values():
        share = row["all"]
        seeds = ", ".join(f"{100 * value:.0f}" for value in row["by_training_seed"])
        lines.append(
            f"| {row['title']} | {100 * share['share']:.1f} % | {100 * share['low']:.0f} to {100 * share['high']:.0f} "
            f"| {seeds} | {share['count']} |"
        )
    lines += ["", *_verdicts(rows), "", "| task | " + " | ".join(rows) + " |", "|---|" + "---|" * len(rows)]
    for task in tasks:
        cells = [f"{row['tasks'][task]['successes']}/{row['tasks'][task]['count']}" for row in rows.values()]
        lines.append(f"| `{task}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw_plot(figures: dict[str, Any], target: Path) -> None:
    """Draw success with its interval by row, and a point for every training seed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.4), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    for place, (name, row) in enumerate(figures["rows"].items()):
        share = row["all"]
        colour = "#ee6622" if row["conditioning"] == "demo" else "#2e86de"
        ax.bar(place, 100 * share["share"], color=colour, alpha=0.6, width=0.6, label=name)
        ax.plot([place, place], [100 * share["low"], 100 * share["high"]], color="0.2")
        ax.scatter([place] * len(row["by_training_seed"]), 100 * np.array(row["by_training_seed"]), color="0.2", s=14)
    ax.set_xticks(range(len(figures["rows"])), list(figures["rows"]))
    ax.set(ylabel="success, %", ylim=(0, 100), xlabel="the policy is shown (orange: it watches)")
    ax.grid(axis="y", alpha=0.3)
    target.parent.mkdir(parents=True, exist_ok=True)
    canvas.print_png(str(target))


def _verdicts(rows: dict[str, Any]) -> Sequence[str]:
    """Return the two ratios with their bars, as a list in Markdown."""
    share = {name: row["all"]["share"] for name, row in rows.items()}
    lines = []
    for other, words, bar in (("truth", "the true one", OF_TRUTH), ("nothing", "nothing", OF_NOTHING)):
        if share[other]:
            ratio = share["generated"] / share[other]
            shown, met = f"{ratio:.2f} times", ratio >= bar
        else:
            shown, met = "that never succeeds", share["generated"] > 0
        lines.append(f"- A generated demonstration over {words}: {shown} (bar {bar:g}): {'met' if met else 'missed'}.")
    return lines

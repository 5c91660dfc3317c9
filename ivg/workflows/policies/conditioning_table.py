"""The table and the plot of the conditioning ablation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...policy.datasets.episodes import EpisodeStore
from ...policy.evaluation import reasons, success_rate, success_rates_by

OF_TRUTH, OF_NOTHING = 0.8, 2.0
"""Targets: success with generated demonstrations over that with true ones, and over that of policies given nothing."""


@dataclass(frozen=True)
class Row:
    """A row: what the policy is given, and the source in the rollouts; rows of one conditioning share trainings."""

    name: str
    title: str
    conditioning: str
    source: str


ROWS = (
    Row("generated", "a generated demonstration", "demo", "generated"),
    Row("truth", "the rendered person's demonstration", "demo", "truth"),
    Row("text", "the task's text only", "text", "none"),
    Row("nothing", "nothing", "none", "none"),
)


@dataclass(frozen=True)
class ConditioningAblation:
    """Outcomes of the rollouts of all trainings, by row's name and training seed.

    There are `seeds` trainings of each conditioning, of `steps` each on the robot episodes `data`, and `episodes`
    held-out scenes of each task and training seed.
    """

    data: Path
    policy: str
    steps: int
    seeds: int
    episodes: int
    outcomes: dict[tuple[str, int], list[Any]]

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """All figures."""
        with EpisodeStore(self.data) as store:
            count = len(store)
        rows: dict[str, Any] = {}
        for row in ROWS:
            by_seed = [self.outcomes[row.name, seed] for seed in range(self.seeds)]
            every = [outcome for group in by_seed for outcome in group]
            rows[row.name] = {
                "title": row.title,
                "conditioning": row.conditioning,
                "all": success_rate(every).as_json,
                "by_training_seed": [success_rate(group).value for group in by_seed],
                "tasks": {task: rate.as_json for task, rate in success_rates_by(every, "task").items()},
                "failures": reasons(every),
            }
        return {
            "data": self.data.name,
            "episodes_in_data": count,
            "policy": self.policy,
            "steps": self.steps,
            "seeds": self.seeds,
            "episodes": self.episodes,
            "rows": rows,
        }

    @property
    def table(self) -> str:
        """Success, its interval, each training's; then each task's; in Markdown."""
        figures = self.as_json
        rows = figures["rows"]
        tasks = sorted({task for row in rows.values() for task in row["tasks"]})
        lines = [
            f"{figures['episodes_in_data']} episodes of `{figures['data']}`; {self.policy}, {self.steps} steps, "
            f"{self.seeds} training seeds, {self.episodes} held-out scenes for each of {len(tasks)} tasks and training "
            "seed. Crashes count as failures.",
            "",
            "| the policy is given | success | 95 % interval | by training seed | rollouts |",
            "|---|---|---|---|---|",
        ]
        for row in rows.values():
            share, low, high = (100 * row["all"][name] for name in ("share", "low", "high"))
            seeds = ", ".join(f"{100 * value:.0f}" for value in row["by_training_seed"])
            count = row["all"]["count"]
            lines.append(f"| {row['title']} | {share:.1f} % | {low:.0f} to {high:.0f} | {seeds} | {count} |")
        lines += ["", *_verdicts(rows), "", "| task | " + " | ".join(rows) + " |", "|---|" + "---|" * len(rows)]
        for task in tasks:
            cells = [f"{row['tasks'][task]['successes']}/{row['tasks'][task]['count']}" for row in rows.values()]
            lines.append(f"| `{task}` | {' | '.join(cells)} |")
        return "\n".join(lines)

    def draw_plot(self, target: Path) -> None:
        """Draw success with its interval by row, and a point for every training seed."""
        from ...viz.plots import BLUE, ORANGE, new_figure, save_plot

        rows = self.as_json["rows"]
        figure, (ax,) = new_figure(5.5, 3.4)
        for index, (name, row) in enumerate(rows.items()):
            rate, seeds = row["all"], 100 * np.array(row["by_training_seed"])
            colour = ORANGE if row["conditioning"] == "demo" else BLUE
            ax.bar(index, 100 * rate["share"], color=colour, alpha=0.6, width=0.6, label=name)
            ax.plot([index, index], [100 * rate["low"], 100 * rate["high"]], color="0.2")
            ax.scatter([index] * len(seeds), seeds, color="0.2", s=14)
        ax.set_xticks(range(len(rows)), list(rows))
        ax.set(ylabel="success, %", ylim=(0, 100), xlabel="the policy is given (orange: conditioned on demonstrations)")
        ax.grid(axis="y", alpha=0.3)
        save_plot(figure, target)


def _verdicts(rows: dict[str, Any]) -> Sequence[str]:
    """Return the two ratios with their targets, as a list in Markdown."""
    success = {name: row["all"]["share"] for name, row in rows.items()}
    lines = []
    for other, words, target in (("truth", "the true one", OF_TRUTH), ("nothing", "nothing", OF_NOTHING)):
        if success[other]:
            ratio = success["generated"] / success[other]
            shown, met = f"{ratio:.2f} times", ratio >= target
        else:
            shown, met = "that never succeeds", success["generated"] > 0
        verdict = "met" if met else "missed"
        lines.append(f"- A generated demonstration over {words}: {shown} (target {target:g}): {verdict}.")
    return lines

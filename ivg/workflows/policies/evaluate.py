"""How often a policy does the tasks, in scenes that it was not trained on."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...data.split import HELD_OUT_SEEDS
from ...errors import InputError
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Processes, Progress
from ...policy.evaluation import Outcome, reasons, success_rate, success_rates_by
from ...viz.plots import markdown_table
from ..clips.render import check_tasks
from .rollouts import DEFAULT_SETTINGS, EvaluateSettings, RolloutJob, RolloutWorker
from .sources import NOTHING
from .trials import run_trials

LONGER = 1.3  # time limit of a rollout, unless asked otherwise: so many times the longest episode trained on


@dataclass(frozen=True)
class PolicyReport:
    """Outcomes of a policy's rollouts, its name, the conditioning trained with, the source of its demonstrations."""

    policy: str
    conditioning: str
    source: str
    outcomes: list[Outcome]

    @property
    def as_json(self) -> dict[str, Any]:
        """Success rates by task and over all."""
        return {
            "policy": self.policy,
            "conditioning": self.conditioning,
            "demo": self.source,
            "all": success_rate(self.outcomes).as_json,
            "tasks": {task: rate.as_json for task, rate in success_rates_by(self.outcomes, "task").items()},
            "failures": reasons(self.outcomes),
            "seconds_a_rollout": sum(outcome.seconds for outcome in self.outcomes) / len(self.outcomes),
        }

    @property
    def table(self) -> str:
        """Success rates by task with their intervals of 95 %, in Markdown."""
        rates = {**success_rates_by(self.outcomes, "task"), "all tasks": success_rate(self.outcomes)}
        return markdown_table(("task", "success"), list(rates.items()))

    @property
    def report(self) -> str:
        """The table, with the policy's name and the reasons of failures."""
        figures = self.as_json
        head = f"{self.policy} (conditioning {self.conditioning}, demonstrations: {self.source})"
        last = f"failures: {figures['failures'] or 'none'}; {figures['seconds_a_rollout']:.1f} s a rollout"
        return f"{head}\n{self.table}\n{last}"


def evaluate_policy(
    policy: Path,
    out: Path,
    *,
    source: str = "",
    tasks: Sequence[str] = (),
    episodes: int = 20,
    first_seed: int = HELD_OUT_SEEDS,
    max_steps: int | None = None,
    settings: EvaluateSettings = DEFAULT_SETTINGS,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> PolicyReport:
    """Roll the policy of a folder out in held-out scenes; a stopped run goes on with the outcomes in `out`.

    There are `episodes` scenes of each of the tasks (all if there is none), with seeds from `first_seed` on, of at most
    `max_steps` (None: `LONGER` times the longest episode trained on). Demonstrations come from one of `POLICY_SOURCES`;
    "" is "generated" where the policy is conditioned on them.

    Raises:
        WeightsError: The folder holds no policy.
        InputError: A value is impossible, or the policy was trained on these scenes.
        IvgError: All that is tried crashes.
    """
    from ...policy.learning.policy import read_description

    check_positive(episodes=episodes, max_steps=max_steps)
    check_first_seed(first_seed=first_seed)
    _, config, _ = read_description(policy)
    chosen = source or ("generated" if config.conditioning == "demo" else NOTHING)
    if chosen != NOTHING and config.conditioning != "demo":
        trained = f"this policy was trained with conditioning={config.conditioning}"
        raise InputError(f"source {chosen}: {trained}, it takes no demonstration")
    jobs = rollout_jobs(policy, chosen, check_tasks(tasks), episodes, first_seed, max_steps)
    outcomes = roll_out(jobs, out, settings, launcher, progress)
    return PolicyReport(jobs[0].name, config.conditioning, chosen, outcomes)


def roll_out(
    jobs: Sequence[RolloutJob], out: Path, settings: EvaluateSettings, launcher: Launcher, progress: Progress | None
) -> list[Outcome]:
    """Do the rollouts that are not in the log of a folder yet, as `run_trials`."""
    settings = replace(settings, cache=settings.cache or out / "demonstrations")
    if isinstance(launcher, Processes):  # other machines have other devices
        check_device(settings.device)
    return run_trials(launcher, functools.partial(RolloutWorker, settings), jobs, out, progress)


def rollout_jobs(
    folder: Path, source: str, tasks: Sequence[str], episodes: int, first_seed: int, max_steps: int | None
) -> list[RolloutJob]:
    """Return the rollouts of a policy: `episodes` scenes of every task, with the same seeds from `first_seed` on.

    The time limit is `LONGER` times the longest episode that the policy was trained on if `max_steps` is None.

    Raises:
        WeightsError: If the folder holds no policy.
        InputError: If the policy was trained on these seeds.
    """
    from ...policy.learning.policy import read_description

    _, _, notes = read_description(folder)
    trained = notes.get("data")
    if trained is None:
        raise InputError(f"{folder} does not say what it was trained on; ivg-policy train writes that into config.json")
    low, high = trained["seeds"]
    if first_seed <= high and low < first_seed + episodes:
        seeds = f"seeds {first_seed} to {first_seed + episodes - 1}"
        raise InputError(f"{seeds} are not held out: {folder} was trained on seeds {low} to {high}")
    steps = max_steps or round(LONGER * trained["longest"])
    name, size = policy_name(folder), trained["image"][0]
    return [
        RolloutJob(name=name, source=source, task=task, seed=first_seed + k, policy=folder, size=size, max_steps=steps)
        for k in range(episodes)
        for task in tasks
    ]


def policy_name(folder: Path) -> str:
    """Return a policy's name for its outcomes: its folder's, and the beginning of its weights' SHA-256."""
    from ...policy.learning.policy import WEIGHTS_FILE

    shown = folder.parent.name if folder.name == "weights" else folder.name
    return f"{shown}@{hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()[:12]}"

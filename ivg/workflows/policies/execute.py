"""How often a robot that follows demonstrations does the tasks, by what it follows."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.split import HELD_OUT_SEEDS
from ...errors import InputError, unknown_option
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Processes, Progress
from ..clips.render import check_tasks
from .execution_worker import ExecuteSettings, ExecutionWorker
from .sources import EXECUTION_SOURCES
from .trials import Trial, run_trials

if TYPE_CHECKING:
    from ...policy.evaluation import Outcome


@dataclass(frozen=True)
class ExecutionReport:
    """Outcomes of all attempts, by sources (keys of `EXECUTION_SOURCES`) and tasks."""

    outcomes: list[Outcome]
    sources: list[str]
    tasks: list[str]

    @property
    def as_json(self) -> dict[str, Any]:
        """Success rates by source, over all and by task, with the reasons of failures."""
        from ...policy.evaluation import reasons, success_rate, success_rates_by

        report: dict[str, Any] = {}
        for source in self.sources:
            own = [outcome for outcome in self.outcomes if outcome.source == source]
            tasks = {task: rate.as_json for task, rate in success_rates_by(own, "task").items()}
            report[source] = {
                "all": success_rate(own).as_json,
                "mean_over_tasks": sum(rate["share"] for rate in tasks.values()) / len(tasks),
                "tasks": tasks,
                "failures": reasons(own),
                "seconds_an_attempt": sum(outcome.seconds for outcome in own) / len(own),
            }
        return report

    @property
    def table(self) -> str:
        """Successes by task and source, with Wilson intervals of 95 %, in Markdown."""
        from ...policy.evaluation import reasons, success_rate

        titles = [EXECUTION_SOURCES[source] for source in self.sources]
        lines = [f"| task | {' | '.join(titles)} |", "|---|" + "---|" * len(titles)]
        for task in (*self.tasks, ""):
            rates = [
                success_rate(one for one in self.outcomes if one.source == source and task in ("", one.task))
                for source in self.sources
            ]
            lines.append(f"| {f'`{task}`' if task else 'all'} | {' | '.join(map(str, rates))} |")
        lines.append("")
        for source, title in zip(self.sources, titles, strict=True):
            failures = reasons(one for one in self.outcomes if one.source == source)
            lines.append(f"- {title}: failures: {failures or 'none'}")
        return "\n".join(lines)


def execute_demonstrations(
    out: Path,
    *,
    episodes: int = 20,
    tasks: Sequence[str] = (),
    sources: Sequence[str] = tuple(EXECUTION_SOURCES),
    first_seed: int = HELD_OUT_SEEDS,
    settings: ExecuteSettings | None = None,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> ExecutionReport:
    """Let the robot follow demonstrations of several sources in the same scenes.

    Args:
        out: Folder for the log of outcomes; a stopped run goes on.
        episodes: Scenes of each task.
        tasks: Names of tasks; all of them if empty.
        sources: What is followed, keys of `EXECUTION_SOURCES`.
        first_seed: Seed of the first scene of each task.
        settings: Environment, generator and image size; the defaults if None.
        launcher: Where the workers run.
        progress: Progress callback.

    Raises:
        InputError: A value is impossible, or a task or source unknown.
        IvgError: All that is tried crashes.
    """
    settings = settings or ExecuteSettings()
    check_positive(episodes=episodes, size=settings.size)
    check_first_seed(first_seed=first_seed)
    if isinstance(launcher, Processes):  # other machines have other devices
        check_device(settings.device)
    if not sources:
        raise InputError(f"sources names no source; options: {', '.join(EXECUTION_SOURCES)}")
    for source in sources:
        if source not in EXECUTION_SOURCES:
            raise unknown_option("source", source, EXECUTION_SOURCES)
    names = check_tasks(tasks)
    name = f"{settings.weights}, {settings.size} px"
    trials = [
        Trial(name=name, source=source, task=task, seed=seed)
        for seed in range(first_seed, first_seed + episodes)
        for task in names
        for source in sources
    ]
    outcomes = run_trials(launcher, functools.partial(ExecutionWorker, settings), trials, out, progress)
    return ExecutionReport(outcomes, list(sources), names)

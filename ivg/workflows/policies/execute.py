"""How often a robot that follows demonstrations does the tasks, by what it follows."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...data.split import HELD_OUT_SEEDS
from ...errors import InputError, unknown_option
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Processes, Progress
from ...policy.evaluation import Outcome, reasons, success_rate, success_rates_by
from ...policy.extraction import NoHandError
from ...types import HANDS, Camera
from ..clips.render import check_tasks
from ..episodes.attempts import HORIZON, make_kitchen
from .sources import EXECUTION_SOURCES
from .trials import Trial, run_trials, sources

if TYPE_CHECKING:
    from ...policy.control import GripperPlan

ELSEWHERE = 7_000_000  # added to a scene's seed for the kitchen that "elsewhere" is in


@dataclass(frozen=True)
class ExecuteSettings:
    """A key of `ENVIRONMENTS`, the generator's weights ("nano" or a folder) and device, side of the images, px."""

    env: str = "kitchen"
    weights: str = "nano"
    size: int = 256
    device: str = "cpu"


class ExecutionWorker:
    """A worker that lets the robot follow a demonstration; it keeps the sources of demonstrations that it has met."""

    def __init__(self, settings: ExecuteSettings) -> None:
        from ...policy.hands3d.lifting import HandLifter

        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.source = sources(settings.env, settings.weights, settings.device)
        self.demonstrator: Any = None
        self.env = make_kitchen(settings.env, settings.size, image=False, render_mode="rgb_array", horizon=HORIZON)

    def __call__(self, trial: Trial) -> Outcome:
        """Make one attempt."""
        from ...policy.control import execute

        began = time.perf_counter()
        observation, info = self.env.reset(seed=trial.seed, options={"task": trial.task})
        frame, camera = np.asarray(self.env.render()), Camera(**info["camera"])
        try:
            plan = self._plan(trial, frame, camera)
        except NoHandError as error:
            return trial.outcome("no_hand", str(error), seconds=time.perf_counter() - began)
        done = execute(self.env.unwrapped, plan, observation)  # type: ignore[arg-type]
        reason = "" if done.success else "not_done"
        return trial.outcome(reason, plan.interaction_type, len(done), time.perf_counter() - began)

    def _plan(self, trial: Trial, frame: NDArray[np.uint8], camera: Camera) -> GripperPlan:
        from ...policy.control import plan_demonstration, plan_gripper
        from ...policy.retargeting.refinement import refine_contact
        from ...policy.sampling import SAMPLES, best_of_n

        depth = self.env.unwrapped.depth()  # type: ignore[attr-defined]
        if trial.source in ("path", "elsewhere"):
            joints = self._true_joints(trial.task, trial.seed + (ELSEWHERE if trial.source == "elsewhere" else 0))
            contact = refine_contact(joints, depth, camera)
            seen = () if contact.found else (frame, camera)
            return plan_gripper(contact.joints_world_m, *seen, deeper_m=contact.deeper_m)
        attempt = trial.attempt
        source = self.source("truth" if trial.source == "truth" else "generated", self.settings.size)
        best = best_of_n(
            source(attempt),
            frame,
            attempt.text,
            camera,
            seed=trial.seed,
            lifter=self.lifter,
            depth=None if trial.source == "colour" else depth,
            samples=SAMPLES if trial.source == "chosen" else 1,
        )
        return plan_demonstration(best)

    def _true_joints(self, task: str, seed: int) -> NDArray[np.floating]:
        """Return the joints of the person who acts a task in its scene; frame 0 shows no hand."""
        if self.demonstrator is None:
            from ...envs.human.demonstrator import HumanDemonstrator

            self.demonstrator = HumanDemonstrator(size=32)
        clip = self.demonstrator.render(task, seed)
        joints: NDArray[np.floating] = clip.joints_world_m[:, HANDS.index(clip.side)].copy()
        joints[0] = np.nan
        return joints


@dataclass(frozen=True)
class ExecutionReport:
    """Outcomes of all attempts, by sources (keys of `EXECUTION_SOURCES`) and tasks."""

    outcomes: list[Outcome]
    sources: list[str]
    tasks: list[str]

    @property
    def as_json(self) -> dict[str, Any]:
        """Success rates by source, over all and by task, with the reasons of failures."""
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
    """Let the robot follow demonstrations of several sources in the same scenes; a stopped run goes on in its folder.

    There are `episodes` scenes of each of the tasks (all if there is none), with seeds from `first_seed` on; sources
    are keys of `EXECUTION_SOURCES`.

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

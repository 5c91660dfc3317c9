"""Trials of a robot in scenes of the kitchen, whose outcomes are kept in a log, so that a stopped run goes on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...io.checks import check_can_be_folder
from ...jobs import Launcher, MakeWorker, Progress, run_logged
from ...policy.evaluation import Outcome, OutcomeLog
from ...policy.sampling import Demonstrate
from ..episodes.attempts import GenerateJob, GenerateSettings, demonstrations

LOG = "outcomes.jsonl"  # in the output folder: the outcomes, see `ivg.policy.evaluation.OutcomeLog`


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial of a policy's name, or of the generator's weights and the images' size.

    `source` is that of the demonstration, `seed` that of the scene, the text and the demonstration.
    """

    name: str
    source: str
    task: str
    seed: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        """As `Outcome.key`."""
        return self.name, self.source, self.task, self.seed

    @property
    def attempt(self) -> GenerateJob:
        """The same scene, text and demonstration as an attempt at an episode."""
        return GenerateJob(0, self.task, self.seed)

    def outcome(self, reason: str, detail: str = "", steps: int = 0, seconds: float = 0.0) -> Outcome:
        """Return the trial's outcome."""
        return Outcome(*self.key, reason, detail, steps, round(seconds, 2))


def sources(env: str, weights: str, device: str) -> Callable[[str, int], Callable[[GenerateJob], Demonstrate]]:
    """Return what gives a source of demonstrations, "generated" or "truth", for images of so many px.

    Each is loaded when it is first asked for; the environment is a key of `ENVIRONMENTS`.
    """

    @functools.cache
    def source(name: str, size: int) -> Callable[[GenerateJob], Demonstrate]:
        return demonstrations(GenerateSettings(env, (), size=size, source=name, weights=weights, device=device))

    return source


def run_trials(
    launcher: Launcher, make_worker: MakeWorker, trials: Sequence[Any], out: Path, progress: Progress | None
) -> list[Outcome]:
    """Do the trials that the log of a folder does not hold yet; return the outcomes of all, in their order.

    Raises:
        InputError: The folder cannot be one.
        IvgError: All that is tried crashes.
    """
    check_can_be_folder(out)
    log = OutcomeLog(out / LOG)
    return run_logged(launcher, make_worker, trials, log, failure=_crashed, progress=progress)


def _crashed(trial: Trial, detail: str) -> Outcome:
    return trial.outcome("crashed", detail)

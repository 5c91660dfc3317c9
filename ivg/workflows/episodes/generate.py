"""Generates robot episodes over several workers and commits them in order, so that their number changes nothing."""

from __future__ import annotations

import functools
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...inputs import check_device
from ...io.checks import check_first_seed, check_positive, check_size
from ...jobs import TWO_PROCESSES, Launcher, Processes, Progress, in_order, run_guarded
from ...policy.attempt import Attempt
from ...policy.datasets.attempts import AttemptOutcome
from ...policy.datasets.store.archive import is_zip, writing
from .attempts import EpisodeWorker, GenerateJob, GenerateSettings
from .ledger import Ledger

ATTEMPTS_PER_EPISODE = 4  # attempts at most for each episode wanted, unless asked otherwise


@dataclass
class GenerationResult:
    """The outcomes of all attempts, those of earlier runs too, in order; all else is of this run.

    `stages` are the seconds that its attempts spent in each stage.
    """

    path: Path
    outcomes: list[AttemptOutcome]
    workers: int
    attempts: int = 0
    kept: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, Any]:
        """The speed of the run."""
        hours = self.seconds / 3600
        return {
            "attempts": self.attempts,
            "kept": self.kept,
            "seconds": self.seconds,
            "workers": self.workers,
            "episodes_per_hour": self.kept / hours if self.kept else 0.0,
            "attempts_per_hour": self.attempts / hours if self.attempts else 0.0,
            "seconds_per_attempt": {name: seconds / self.attempts for name, seconds in self.stages.items()},
        }

    @property
    def report(self) -> str:
        """The speed in words; "" if nothing was attempted."""
        if not self.attempts:
            return ""
        figures = self.as_json
        stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in figures["seconds_per_attempt"].items())
        return (
            f"{self.kept} episodes from {self.attempts} attempts in {self.seconds:.0f} s with {self.workers} "
            f"processes: {figures['episodes_per_hour']:.0f} episodes an hour (seconds an attempt: {stages})"
        )


def generate_episodes(
    out: Path,
    settings: GenerateSettings,
    *,
    episodes: int,
    max_attempts: int | None = None,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> GenerationResult:
    """Attempt episodes in turn until the dataset holds so many that succeeded.

    Attempts are committed in order, whatever order they end in: the same settings give the same dataset with any
    number of workers and after any stop. Out is a new dataset (`*.zarr`, `*.zarr.zip`), or that of an earlier run with
    the same settings, whose episodes and attempts count; `max_attempts` is `ATTEMPTS_PER_EPISODE` times `episodes` if
    None. Progress is that of the episodes, with a count `attempts`.

    Raises:
        InputError: A value is impossible, or no attempt succeeded.
        StoreError: The path holds something else, or a dataset that was begun with other settings, or another
            process writes it.
        IvgError: `CRASHES_IN_A_ROW` attempts crashed one after another.
    """
    most = ATTEMPTS_PER_EPISODE * episodes if max_attempts is None else max_attempts
    check_positive(episodes=episodes, max_attempts=most, size=settings.size)
    if settings.source == "truth":
        check_size(settings.size)
    check_first_seed(seed=settings.seed)
    is_zip(out)
    if settings.weights != "nano" and not Path(settings.weights).is_dir():
        raise InputError(f"weights must be nano or a folder, there is no folder '{settings.weights}'")
    if isinstance(launcher, Processes):  # other machines have other devices
        check_device(settings.device)
    with writing(out):
        return _generate(Ledger(out, settings), settings, episodes, most, launcher, progress)


def _generate(
    ledger: Ledger, settings: GenerateSettings, episodes: int, most: int, launcher: Launcher, progress: Progress | None
) -> GenerationResult:
    result = GenerationResult(ledger.path, ledger.outcomes, launcher.workers)
    began = time.perf_counter()
    jobs = [settings.job(index) for index in range(len(ledger.outcomes), most)] if ledger.kept < episodes else []
    make_worker = functools.partial(EpisodeWorker, settings)
    if progress is not None:
        progress(ledger.kept, episodes)
    try:
        with closing(in_order(run_guarded(launcher, make_worker, jobs, _failed))) as attempts:
            for attempt in attempts:
                result.attempts += 1
                result.kept += attempt.episode is not None
                for stage, seconds in attempt.seconds.items():
                    result.stages[stage] = result.stages.get(stage, 0.0) + seconds
                ledger.add(attempt)
                if progress is not None:
                    progress(ledger.kept, episodes, attempts=len(ledger.outcomes))
                if ledger.kept >= episodes:
                    break
    finally:
        ledger.commit()
    result.seconds = time.perf_counter() - began
    if not ledger.kept:
        reasons = Counter(outcome.outcome for outcome in ledger.outcomes).most_common()
        why = ", ".join(f"{count} {reason}" for reason, count in reasons)
        raise InputError(f"none of {len(ledger.outcomes)} attempts gave an episode: {why}")
    return result


def _failed(job: GenerateJob, detail: str) -> Attempt:
    """Return the attempt whose job raised an error or killed its process."""
    return Attempt(None, "crashed", detail)

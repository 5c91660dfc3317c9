"""Generates robot episodes over several workers and commits them in order, so that their number changes nothing."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, IvgError, StoreError
from ...io.checks import check_first_seed, check_positive
from ...jobs import TWO_PROCESSES, Launcher, Processes, Progress, in_order, run_guarded
from ...models.device import check_device
from .attempts import EpisodeWorker, GenerateSettings, failed_attempt

if TYPE_CHECKING:
    from ...policy.attempt import Attempt, RobotEpisode

KEPT = "kept"
"""Outcome of an attempt that gave an episode; the others are `ivg.policy.datasets.episodes.REASONS`."""

RECORD = "generation"
"""Name of the dataset's attribute that holds settings and attempts."""

COMMIT_EVERY = 16
"""Attempts that are written at once."""

CRASHES_IN_A_ROW = 8
"""So many crashed attempts one after another are no accident: the run stops."""

ATTEMPTS_PER_EPISODE = 4
"""Attempts at most for each episode wanted, unless asked otherwise."""

FIRST_SEED = 100_000
"""Of generated episodes. Training clips are usually rendered with seeds from 0 on; see `HELD_OUT_SEEDS`, too."""


@dataclass(frozen=True)
class AttemptOutcome:
    """One attempt as the dataset remembers it.

    Attributes:
        index: Of the attempt.
        task: What was to be done.
        seed: Of scene and demonstration.
        outcome: `KEPT` or a reason.
        detail: More about the reason.
    """

    index: int
    task: str
    seed: int
    outcome: str
    detail: str = ""


@dataclass
class GenerationResult:
    """What became of a run.

    Attributes:
        path: The dataset.
        outcomes: Of all attempts, those of earlier runs too, in order.
        workers: Workers of this run.
        attempts: Attempts of this run.
        kept: Episodes of this run.
        seconds: Time of this run.
        stages: Seconds that the attempts of this run spent in each stage.
    """

    path: Path
    outcomes: list[AttemptOutcome]
    workers: int
    attempts: int = 0
    kept: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    def add(self, attempt: Attempt) -> None:
        """Count an attempt of this run."""
        self.attempts += 1
        self.kept += attempt.episode is not None
        for stage, seconds in attempt.seconds.items():
            self.stages[stage] = self.stages.get(stage, 0.0) + seconds

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
    number of workers and after any stop.

    Args:
        out: A new dataset (`*.zarr`, `*.zarr.zip`), or that of an earlier run with the same settings.
        settings: What is attempted.
        episodes: Episodes that the dataset is to hold, those of earlier runs included.
        max_attempts: Attempts at most, those of earlier runs included; `ATTEMPTS_PER_EPISODE` times `episodes` if None.
        launcher: Where the workers run.
        progress: Progress callback, counting episodes; its count is `attempts`.

    Raises:
        InputError: A value is impossible, or no attempt succeeded.
        StoreError: The path holds something else, or a dataset that was begun with other settings, or another
            process writes it.
        IvgError: `CRASHES_IN_A_ROW` attempts crashed one after another.
    """
    from ...policy.datasets.store.archive import is_zip
    from ...policy.datasets.store.locking import writing

    most = ATTEMPTS_PER_EPISODE * episodes if max_attempts is None else max_attempts
    check_positive(episodes=episodes, max_attempts=most, size=settings.size)
    check_first_seed(seed=settings.seed)
    is_zip(out)
    if settings.weights != "nano" and not Path(settings.weights).is_dir():
        raise InputError(f"weights must be nano or a folder, there is no folder '{settings.weights}'")
    if isinstance(launcher, Processes):  # other machines have other devices
        check_device(settings.device)
    with writing(out):
        return _generate(_Book(out, settings), settings, episodes, most, launcher, progress)


def _generate(
    book: _Book,
    settings: GenerateSettings,
    episodes: int,
    most: int,
    launcher: Launcher,
    progress: Progress | None,
) -> GenerationResult:
    result = GenerationResult(book.path, book.outcomes, launcher.workers)
    began = time.perf_counter()
    jobs = [settings.job(index) for index in range(len(book.outcomes), most)] if book.kept < episodes else []
    make_worker = functools.partial(EpisodeWorker, settings)
    if progress is not None:
        progress(book.kept, episodes)
    try:
        with closing(in_order(run_guarded(launcher, make_worker, jobs, failed_attempt))) as attempts:  # type: ignore[type-var]
            for attempt in attempts:
                result.add(attempt)
                book.add(attempt)
                if progress is not None:
                    progress(book.kept, episodes, attempts=len(book.outcomes))
                if book.kept >= episodes:
                    break
    finally:
        book.commit()
    result.seconds = time.perf_counter() - began
    if not book.kept:
        raise InputError(f"none of {len(book.outcomes)} attempts gave an episode: {summary_of(book.outcomes)}")
    return result


class _Book:
    """The one that writes: outcomes of all attempts, and the episodes that are not written yet."""

    def __init__(self, path: Path, settings: GenerateSettings) -> None:
        self.path, self.settings = path, settings
        self.outcomes = read_outcomes(path, settings) if path.exists() else []
        self.kept = sum(outcome.outcome == KEPT for outcome in self.outcomes)
        self._waiting: list[RobotEpisode] = []
        self._written = len(self.outcomes)

    def add(self, attempt: Attempt) -> None:
        """Add the next attempt."""
        job = self.settings.job(len(self.outcomes))
        self.outcomes.append(AttemptOutcome(job.index, job.task, job.seed, attempt.reason or KEPT, attempt.detail))
        if attempt.episode is not None:
            self._waiting.append(attempt.episode)
            self.kept += 1
        self._stop_if_nothing_works()
        if len(self.outcomes) - self._written >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Write what is not written yet; attempts before the first episode wait for it."""
        from ...policy.datasets.episodes import append_episodes

        if len(self.outcomes) == self._written or not (self._waiting or self.path.exists()):
            return
        before = len(read_outcomes(self.path)) if self.path.exists() else 0
        if before != self._written:
            raise StoreError(
                f"{self.path} was changed by another writer: it has {before} attempts, not {self._written}"
            )
        record = {"settings": self.settings.as_json, "attempts": [asdict(outcome) for outcome in self.outcomes]}
        episodes, self._waiting, self._written = self._waiting, [], len(self.outcomes)
        append_episodes(self.path, episodes, attributes={RECORD: record})

    def _stop_if_nothing_works(self) -> None:
        """Raise if the last attempts all crashed; these are forgotten, so that another run tries them again."""
        last = self.outcomes[-CRASHES_IN_A_ROW:]
        if len(last) < CRASHES_IN_A_ROW or any(outcome.outcome != "crashed" for outcome in last):
            return
        del self.outcomes[max(self._written, len(self.outcomes) - CRASHES_IN_A_ROW) :]
        raise IvgError(f"{CRASHES_IN_A_ROW} attempts in a row crashed; the last one: {last[-1].detail}")


def read_outcomes(path: Path, settings: GenerateSettings | None = None) -> list[AttemptOutcome]:
    """Return the attempts behind a dataset; none if it was not made by this command.

    Args:
        path: A dataset of robot episodes.
        settings: What it must have been begun with, if given.

    Raises:
        StoreError: It is no such dataset, or was begun with other settings.
    """
    from ...policy.datasets.episodes import EpisodeStore

    with EpisodeStore(path) as store:
        record = store.attributes.get(RECORD)
    if settings is not None and (record is None or record["settings"] != settings.as_json):
        begun = record["settings"] if record else "something else than this command"
        raise StoreError(f"{path} was begun with {begun}, not {settings.as_json}; give a new path")
    return [AttemptOutcome(**row) for row in record["attempts"]] if record else []


def summary_of(outcomes: Sequence[AttemptOutcome]) -> str:
    """Return the reasons of refused attempts with their counts, such as "3 not_done, 1 no_hand"."""
    reasons = Counter(outcome.outcome for outcome in outcomes if outcome.outcome != KEPT)
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())

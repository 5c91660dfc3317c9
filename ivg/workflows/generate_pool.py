"""Attempts robot episodes over several processes and commits them in order, so that their number changes nothing."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ..errors import InputError, IvgError, StoreError
from ..jobs.processes import CRASHED, RunJobs, run_jobs
from .generate_worker import GenerateSettings, attempt, start

if TYPE_CHECKING:
    from ..policy.attempt import Attempt
    from ..policy.datasets import RobotEpisode

KEPT = "kept"
"""Outcome of an attempt that gave an episode; the others are `ivg.policy.datasets.REASONS`."""

RECORD = "generation"
"""Name of the dataset's attribute that holds settings and attempts."""

COMMIT_EVERY = 16
"""Attempts that are written at once."""

CRASHES_IN_A_ROW = 8
"""So many crashed attempts one after another are no accident: the run stops."""


@dataclass(frozen=True)
class Outcome:
    """One attempt as the dataset remembers it.

    Attributes:
        index: Its place in the rotation.
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
        attempts: Attempts of this run.
        kept: Episodes of this run.
        seconds: Time of this run.
        stages: Seconds that the attempts of this run spent in each stage.
    """

    path: Path
    outcomes: list[Outcome]
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


def generate_episodes(
    path: Path,
    settings: GenerateSettings,
    *,
    episodes: int,
    max_attempts: int,
    workers: int = 2,
    progress: bool = True,
    run: RunJobs = run_jobs,
) -> GenerationResult:
    """Attempts episodes in turn until the dataset holds so many that succeeded.

    Attempts are committed in order, whatever order they end in: the same settings give the same dataset with any
    number of workers and after any stop.

    Args:
        path: A new dataset (`*.zarr`, `*.zarr.zip`), or that of an earlier run with the same settings.
        settings: What is attempted.
        episodes: Episodes that the dataset is to hold, those of earlier runs included.
        max_attempts: Attempts at most, those of earlier runs included.
        workers: Processes.
        progress: Whether to show a bar on stderr.
        run: Does the work, in place of a pool of processes.

    Raises:
        InputError: No attempt succeeded.
        StoreError: The path holds something else, or a dataset that was begun with other settings, or another
            process writes it.
        IvgError: `CRASHES_IN_A_ROW` attempts crashed one after another.
    """
    from ..policy.datasets.store.locking import writing

    with writing(path):
        return _generate(_Book(path, settings), settings, episodes, max_attempts, workers, progress, run)


def _generate(
    book: _Book, settings: GenerateSettings, episodes: int, most: int, workers: int, progress: bool, run: RunJobs
) -> GenerationResult:
    path = book.path
    result = GenerationResult(path, book.outcomes)
    began = time.perf_counter()
    jobs = [settings.job(index) for index in range(len(book.outcomes), most)]
    enough = multiprocessing.get_context("spawn").Event()
    with tqdm(total=episodes, initial=book.kept, unit="episode", desc=path.name, disable=not progress) as bar:
        try:
            if book.kept < episodes and jobs:
                results = run(attempt, jobs, workers=workers, start=start, arguments=(settings, enough))
                for done in _in_order(results, enough):
                    result.add(done)
                    book.add(done)
                    bar.update(int(done.episode is not None))
                    bar.set_postfix(attempts=len(book.outcomes))
                    if book.kept >= episodes:
                        enough.set()
        except BrokenProcessPool as error:
            raise StoreError("a process died when it started (its trace stands above)") from error
        finally:
            enough.set()
            book.commit()
    result.seconds = time.perf_counter() - began
    if not book.kept:
        raise InputError(f"none of {len(book.outcomes)} attempts gave an episode: {words_of(book.outcomes)}")
    return result


def _in_order(results: Iterator[tuple[int, Any]], enough: Event) -> Iterator[Attempt]:
    """Yields attempts by their place, until there are enough; those that end early wait for the others."""
    from ..policy.attempt import Attempt

    waiting: dict[int, Attempt] = {}
    following = 0
    for place, result in results:
        waiting[place] = Attempt(None, "crashed", "its process died") if result is CRASHED else result
        while following in waiting and not enough.is_set():
            yield waiting.pop(following)
            following += 1
        if enough.is_set():
            return


class _Book:
    """The one that writes: outcomes of all attempts, and the episodes that are not written yet."""

    def __init__(self, path: Path, settings: GenerateSettings) -> None:
        self.path, self.settings = path, settings
        self.outcomes = read_outcomes(path, settings) if path.exists() else []
        self.kept = sum(outcome.outcome == KEPT for outcome in self.outcomes)
        self._waiting: list[RobotEpisode] = []
        self._written = len(self.outcomes)

    def add(self, attempt: Attempt) -> None:
        """Take in the next attempt."""
        job = self.settings.job(len(self.outcomes))
        self.outcomes.append(Outcome(job.index, job.task, job.seed, attempt.reason or KEPT, attempt.detail))
        if attempt.episode is not None:
            self._waiting.append(attempt.episode)
            self.kept += 1
        self._stop_if_nothing_works()
        if len(self.outcomes) - self._written >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Write what is not written yet; attempts before the first episode wait for it."""
        from ..policy.datasets import append_episodes

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


def read_outcomes(path: Path, settings: GenerateSettings | None = None) -> list[Outcome]:
    """Returns the attempts behind a dataset; none if it was not made by this command.

    Args:
        path: A dataset of robot episodes.
        settings: What it must have been begun with, if given.

    Raises:
        StoreError: It is no such dataset, or was begun with other settings.
    """
    from ..policy.datasets import EpisodeStore

    with EpisodeStore(path) as store:
        record = store.attributes.get(RECORD)
    if settings is not None and (record is None or record["settings"] != settings.as_json):
        begun = record["settings"] if record else "something else than this command"
        raise StoreError(f"{path} was begun with {begun}, not {settings.as_json}; give a new path")
    return [Outcome(**row) for row in record["attempts"]] if record else []


def words_of(outcomes: Sequence[Outcome]) -> str:
    """Returns the reasons of refused attempts with their counts, such as "3 not_done, 1 no_hand"."""
    reasons = Counter(outcome.outcome for outcome in outcomes if outcome.outcome != KEPT)
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())

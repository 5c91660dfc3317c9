"""The ledger of a generated dataset: attempts and episodes are committed together, in order."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ...errors import IvgError, StoreError
from ...policy.attempt import Attempt
from ...policy.datasets import RobotEpisode
from ...policy.datasets.attempts import KEPT, RECORD, AttemptOutcome, recorded_attempts
from ...policy.datasets.episodes import EpisodeStore, append_episodes
from .attempts import GenerateSettings

COMMIT_EVERY = 16  # attempts that are written at once
CRASHES_IN_A_ROW = 8  # so many crashed attempts one after another are no accident: the run stops


class Ledger:
    """Outcomes of all attempts, and the episodes that are not written yet; the only writer of the dataset at a path."""

    def __init__(self, path: Path, settings: GenerateSettings) -> None:
        self.path, self.settings = path, settings
        self.outcomes = read_outcomes(path, settings) if path.exists() else []
        self.kept = sum(outcome.outcome == KEPT for outcome in self.outcomes)
        self._waiting: list[RobotEpisode] = []
        self._written = len(self.outcomes)

    def add(self, attempt: Attempt) -> None:
        """Add the next attempt; an `IvgError` if the last ones all crashed."""
        job = self.settings.job(len(self.outcomes))
        self.outcomes.append(AttemptOutcome(job.index, job.task, job.seed, attempt.reason or KEPT, attempt.detail))
        if attempt.episode is not None:
            self._waiting.append(attempt.episode)
            self.kept += 1
        last = self.outcomes[-CRASHES_IN_A_ROW:]
        if len(last) == CRASHES_IN_A_ROW and all(outcome.outcome == "crashed" for outcome in last):
            # These are forgotten, so that another run tries them again.
            del self.outcomes[max(self._written, len(self.outcomes) - CRASHES_IN_A_ROW) :]
            raise IvgError(f"{CRASHES_IN_A_ROW} attempts in a row crashed; the last one: {last[-1].detail}")
        if len(self.outcomes) - self._written >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Write what is not written yet; attempts before the first episode wait for it."""
        if len(self.outcomes) == self._written or not (self._waiting or self.path.exists()):
            return
        before = len(read_outcomes(self.path)) if self.path.exists() else 0
        if before != self._written:
            was = f"it has {before} attempts, not {self._written}"
            raise StoreError(f"{self.path} was changed by another writer: {was}")
        record = {"settings": self.settings.as_json, "attempts": [asdict(outcome) for outcome in self.outcomes]}
        episodes, self._waiting, self._written = self._waiting, [], len(self.outcomes)
        append_episodes(self.path, episodes, attributes={RECORD: record})


def read_outcomes(path: Path, settings: GenerateSettings | None = None) -> list[AttemptOutcome]:
    """Return the attempts behind a dataset of robot episodes; none if it was not made by this command.

    Raises:
        StoreError: It is no such dataset, or was begun with other settings than those given.
    """
    with EpisodeStore(path) as store:
        attributes = store.attributes
    begun = attributes.get(RECORD, {}).get("settings", "something else than this command")
    if settings is not None and begun != settings.as_json:
        raise StoreError(f"{path} was begun with {begun}, not {settings.as_json}; give a new path")
    return recorded_attempts(attributes)

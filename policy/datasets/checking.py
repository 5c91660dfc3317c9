"""Checking a dataset for damage: every episode is read and compared with its checksums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import IvgError, StoreError

from .attempts import KEPT, RECORD, recorded_attempts
from .demonstrations import DemonstrationStore, is_demonstration_dataset
from .episodes import EpisodeStore
from .store.layout import CHECKSUM, Rows, checksum_names, checksums
from .store.reading import Dataset

SHOWN = 20  # findings in a report; `CheckResult.as_json` has all


@dataclass(frozen=True)
class Damage:
    """Damage of one `array` of an episode, such as "data/image"; "" if all are as written, but make no episode."""

    episode: int
    array: str
    reason: str

    def __str__(self) -> str:
        return f"episode {self.episode}{', ' if self.array else ''}{self.array}: {self.reason}"


@dataclass(frozen=True)
class CheckResult:
    """Result of `check_dataset`."""

    path: Path  # the dataset
    noun: str  # what an episode of the dataset is called
    episodes: int  # number of episodes
    damages: list[Damage]  # all damages, by episode
    disagreement: str = ""  # how the recorded attempts contradict the episodes, "" if they do not

    @property
    def broken(self) -> int:
        """Number of damaged episodes."""
        return len({damage.episode for damage in self.damages})

    @property
    def findings(self) -> list[str]:
        """What is wrong, in words; empty if the dataset is intact."""
        return [str(damage) for damage in self.damages] or [self.disagreement] * bool(self.disagreement)

    @property
    def as_json(self) -> dict[str, Any]:
        """All findings as JSON values."""
        counts = {"episodes": self.episodes, "broken": self.broken}
        return {"dataset": str(self.path), **counts, "damages": self.findings}

    @property
    def report(self) -> str:
        """The first `SHOWN` findings in words."""
        if not self.findings:
            return f"{self.path}: {self.episodes} {self.noun}s, all as they were written"
        hidden = len(self.findings) - SHOWN
        more = [f"... and {hidden} more"] if hidden > 0 else []
        head = f"'{self.path}': {self.broken} of {self.episodes} {self.noun}s are broken"
        return "\n  ".join([head, *self.findings[:SHOWN], *more])


def open_dataset(path: str | Path) -> EpisodeStore | DemonstrationStore:
    """Open a dataset of robot episodes or of demonstrations; a `StoreError` if it is neither, or incomplete."""
    return DemonstrationStore(path) if is_demonstration_dataset(path) else EpisodeStore(path)


def check_dataset(path: str | Path, *, progress: Callable[[int, int], None] | None = None) -> CheckResult:
    """Read every episode of a dataset of either kind and compare it with its checksums.

    `progress` is called with the number of checked episodes and of all. A `StoreError` says that the dataset cannot be
    opened, or its checksums cannot be read.
    """
    with open_dataset(path) as dataset:
        try:
            expected = dataset.per_episode(CHECKSUM)
        except Exception as error:  # a chunk that does not unpack raises whatever its codec raises
            raise StoreError(f"meta/{CHECKSUM} of '{dataset.path}' cannot be read: {error}") from error
        damages: list[Damage] = []
        for episode in range(len(dataset)):
            damages += _damages(dataset, episode, expected[episode])
            if progress is not None:
                progress(episode + 1, len(dataset))
        disagreement = "" if damages else _disagreement(dataset)  # which reads what may be damaged
        return CheckResult(Path(path), dataset.layout.noun, len(dataset), damages, disagreement)


def _damages(dataset: Dataset[Any], episode: int, expected: np.ndarray[Any, Any]) -> list[Damage]:
    layout, names, found = dataset.layout, checksum_names(dataset.layout), []
    parts: dict[str, Any] = {}
    for name in names:
        try:
            parts[name] = dataset.part(name, episode)
        except Exception as error:  # as above
            found.append(Damage(episode, name, f"cannot be read ({type(error).__name__}: {error})"))
    if found:
        return found
    rows = Rows(
        {key: parts[f"data/{key}"] for key in layout.data},
        {key: parts[f"meta/{key}"] for key in layout.meta},
        {key: parts[f"meta/{key}"].tobytes() for key in layout.texts},
    )
    same = (checksums(rows, layout) == expected).all(axis=1)
    found = [Damage(episode, name, "is not what was written") for name, ok in zip(names, same, strict=True) if not ok]
    if not found:
        try:
            dataset[episode]
        except (IvgError, ValueError) as error:
            return [Damage(episode, "", f"is no {layout.noun}: {error}")]
    return found


def _disagreement(dataset: Dataset[Any]) -> str:
    if RECORD not in dataset.attributes:
        return ""
    recorded = recorded_attempts(dataset.attributes)
    kept = [(attempt.task, attempt.seed) for attempt in recorded if attempt.outcome == KEPT]
    held = list(zip(dataset.all_texts("task"), dataset.per_episode("seed").tolist(), strict=True))
    return "" if kept == held else f"its attempts list {len(kept)} kept episodes, which are not its {len(held)}"

"""Is every episode of a dataset still what was written?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...jobs import Progress
from .generate import KEPT, RECORD, read_outcomes

SHOWN = 20
"""Damages named in the report; `CheckResult.damages` has all."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        path: The dataset.
        noun: What an episode of it is called.
        episodes: How many there are.
        broken: How many of them are damaged.
        damages: What is wrong, in words; nothing if all is as it was written.
    """

    path: Path
    noun: str
    episodes: int
    broken: int
    damages: list[str]

    @property
    def as_json(self) -> dict[str, Any]:
        """The figures."""
        return {
            "dataset": str(self.path),
            "episodes": self.episodes,
            "broken": self.broken,
            "damages": self.damages,
        }

    @property
    def report(self) -> str:
        """The same in words."""
        if not self.damages:
            return f"{self.path}: {self.episodes} {self.noun}s, all as they were written"
        hidden = len(self.damages) - SHOWN
        lines = [*self.damages[:SHOWN], *([f"... and {hidden} more"] if hidden > 0 else [])]
        return "\n  ".join([f"'{self.path}': {self.broken} of {self.episodes} {self.noun}s are broken", *lines])


def check_dataset(path: Path, progress: Progress | None = None) -> CheckResult:
    """Read every episode of a dataset and compare it with its checksums.

    Args:
        path: Robot episodes or demonstrations: NAME.zarr or NAME.zarr.zip.
        progress: Progress callback.

    Raises:
        StoreError: The dataset cannot be opened.
    """
    from ...policy.datasets.episodes import EpisodeStore
    from ...policy.datasets.store import DemonstrationStore, is_demonstration_dataset
    from ...policy.datasets.store.checking import check_episodes

    opened: Any = DemonstrationStore(path) if is_demonstration_dataset(path) else EpisodeStore(path)
    with opened as dataset:
        count, broken, damages = len(dataset), 0, list[str]()
        for number, found in enumerate(check_episodes(dataset), 1):
            broken += bool(found)
            damages += [str(damage) for damage in found]
            if progress is not None:
                progress(number, count)
        damages = damages or _disagreement(path, dataset)  # which reads what may be among the broken
        return CheckResult(path, dataset.layout.noun, count, broken, damages)


def _disagreement(path: Path, dataset: Any) -> list[str]:
    """Tell whether the attempts that a dataset remembers are those of its episodes."""
    if RECORD not in dataset.attributes:
        return []
    kept = [(outcome.task, outcome.seed) for outcome in read_outcomes(path) if outcome.outcome == KEPT]
    held = list(zip(dataset.all_texts("task"), dataset.per_episode("seed").tolist(), strict=True))
    return [] if kept == held else [f"its attempts tell of {len(kept)} kept episodes, which are not its {len(held)}"]

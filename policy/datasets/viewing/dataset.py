"""A dataset of either kind, opened to show it, and the choice of episodes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from ivg.errors import StoreError, unknown_option

from ..demonstrations import DemonstrationStore
from ..episodes import EpisodeStore, is_episode_dataset
from .episode import ViewedEpisode, named_in, view_demonstration, view_robot_episode

KINDS = ("robot episodes", "demonstrations")


class ViewedDataset:
    """A dataset of robot episodes or of demonstrations (`kind` is one of `KINDS`), to show.

    Raises:
        StoreError: If it is missing or unreadable, holds neither, or holds no episode.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._store = _open(self.path)
        self.kind = KINDS[0] if isinstance(self._store, EpisodeStore) else KINDS[1]
        if not len(self._store):
            self.close()
            raise StoreError(f"'{self.path}' holds no episode to show")

    def __len__(self) -> int:
        return len(self._store)

    def __getitem__(self, episode: int) -> ViewedEpisode:
        if isinstance(self._store, EpisodeStore):
            return view_robot_episode(self._store[episode])
        return view_demonstration(self._store[episode])

    @cached_property
    def tasks(self) -> list[str]:
        """The task of every episode, "" where it is unknown."""
        return [row["task"] for row in self._rows]

    @cached_property
    def successes(self) -> list[bool | None]:
        """Whether a robot succeeded, of every episode; None where none tried."""
        return [row["success"] for row in self._rows]

    @property
    def attributes(self) -> dict[str, Any]:
        """JSON values stored beside the arrays."""
        return self._store.attributes

    def choose(self, limit: int | None = None, tasks: Sequence[str] = ()) -> list[int]:
        """Return the indices of the episodes to show, in order.

        Args:
            limit: Maximum number; all if None. The first ones of every task are taken in turn.
            tasks: Names of tasks; all if empty.

        Raises:
            InputError: If the dataset has no such task.
        """
        for task in tasks:
            if task not in self.tasks:
                raise unknown_option("task", task, sorted(set(self.tasks)))
        seen: Counter[str] = Counter()
        ranked = []
        for index, task in enumerate(self.tasks):
            if not tasks or task in tasks:
                ranked.append((seen[task], index))
                seen[task] += 1
        return sorted(index for _, index in sorted(ranked)[:limit])

    def contents(self) -> dict[str, Any]:
        """Return counts, rates and sizes of the whole dataset, JSON values."""
        image = self._store.per_step("image")
        tried = [value for value in self.successes if value is not None]
        files = [self.path] if self.path.is_file() else [file for file in self.path.rglob("*") if file.is_file()]
        return {
            "name": self.path.name,
            "kind": self.kind,
            "episodes": len(self),
            "steps": int(image.shape[0]),
            "height": int(image.shape[1]),
            "width": int(image.shape[2]),
            "fps": sorted(set(self._store.per_episode("fps").tolist())),
            "texts": len({row["text"] for row in self._rows}),
            "megabytes": sum(file.stat().st_size for file in files) / 1e6,
            "tried": len(tried),
            "succeeded": sum(tried),
        }

    def close(self) -> None:
        """Close the file behind the dataset."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        if isinstance(self._store, EpisodeStore):
            success = self._store.per_episode("success").astype(bool).tolist()
            columns = zip(self._store.tasks, self._store.texts, success, strict=True)
            return [{"task": task, "text": text, "success": done} for task, text, done in columns]
        return [named_in(json.loads(text)) for text in self._store.all_texts("provenance")]


def _open(path: Path) -> EpisodeStore | DemonstrationStore:
    if is_episode_dataset(path):
        return EpisodeStore(path)
    if not path.exists():
        raise StoreError(f"there is no dataset at '{path}'")
    try:
        return DemonstrationStore(path)
    except StoreError as error:
        raise StoreError(f"'{path}' holds neither {KINDS[0]} nor {KINDS[1]}: {error}") from error

"""A dataset of either kind, opened to show it, and the choice of episodes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ivg.errors import StoreError, unknown_option

from ..demonstrations import Demonstration, DemonstrationStore
from ..episode import RobotEpisode
from ..episodes import EpisodeStore, is_episode_dataset

KINDS = ("robot episodes", "demonstrations")


@dataclass(frozen=True, eq=False)
class ViewedEpisode:
    """An episode as it is shown."""

    clip: NDArray[np.uint8]  # uint8 (t, h, w, 3), RGB, the demonstration
    keypoints: NDArray[np.float32]  # float32 (t, 2, 21, 2), hand joints, normalised image coordinates, NaN where absent
    # bool (t, h, w), the region of motion in every frame; None where the dataset has none
    region: NDArray[np.bool_] | None
    fps: float  # frames per second of the clip
    task: str  # name of the task, "" if unknown
    text: str  # instruction
    seed: int | None  # of the scene; None if unknown
    success: bool | None  # whether a robot succeeded; None if none tried
    provenance: dict[str, Any]  # what made it, JSON values
    robot: RobotEpisode | None = None  # the robot's episode; None if the dataset has demonstrations only

    @classmethod
    def of(cls, episode: RobotEpisode | Demonstration) -> ViewedEpisode:
        """Return an episode as it is shown; a demonstration's task, text and seed come from its provenance."""
        if isinstance(episode, Demonstration):
            region = episode.region_per_frame if episode.region.any() else None
            named = named_in(episode.provenance)
            return cls(episode.clip, episode.keypoints, region, episode.fps, provenance=episode.provenance, **named)
        present = episode.demo_present[:, :, None, None] > 0.5
        keypoints = np.where(present, episode.demo_keypoints, np.float32(np.nan))
        named = {name: getattr(episode, name) for name in ("task", "text", "seed", "success", "provenance")}
        return cls(episode.demo_clip, keypoints, None, episode.demo_fps, robot=episode, **named)


def named_in(provenance: dict[str, Any]) -> dict[str, Any]:
    """Return task, text, seed and success of a demonstration as far as its provenance names them."""
    parts = (provenance.get(key) for key in ("context", "execution"))
    context, execution = (part if isinstance(part, dict) else {} for part in parts)
    seed, success = context.get("scene_seed", provenance.get("seed")), execution.get("success")
    return {
        "task": str(context.get("task") or provenance.get("task") or ""),
        "text": str(provenance.get("text") or provenance.get("prompt") or ""),
        "seed": seed if isinstance(seed, int) else None,
        "success": success if isinstance(success, bool) else None,
    }


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
        return ViewedEpisode.of(self._store[episode])

    @cached_property
    def tasks(self) -> list[str]:
        """The task of every episode, "" where it is unknown."""
        return [row["task"] for row in self._rows]

    @property
    def attributes(self) -> dict[str, Any]:
        """JSON values stored beside the arrays."""
        return self._store.attributes

    def choose(self, limit: int | None = None, tasks: Sequence[str] = ()) -> list[int]:
        """Return the indices of the episodes to show, in order; an `InputError` if there is no such task.

        At most `limit`, taken from all tasks in turn, the first ones of each; all without limit or tasks.
        """
        for task in tasks:
            if task not in self.tasks:
                raise unknown_option("task", task, sorted(set(self.tasks)))
        ranks = {task: itertools.count() for task in (tasks or self.tasks)}
        ranked = [(next(ranks[task]), index) for index, task in enumerate(self.tasks) if task in ranks]
        return sorted(index for _, index in sorted(ranked)[:limit])

    def contents(self) -> dict[str, Any]:
        """Return counts, rates and sizes of the whole dataset, JSON values."""
        image = self._store.per_step("image")
        tried = [row["success"] for row in self._rows if row["success"] is not None]
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

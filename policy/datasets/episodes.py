"""Datasets of robot episodes: the arrays of `RobotEpisode`, n steps in e episodes of t demonstration frames.

``data/*`` has one row per step: ``image``, ``proprio``, ``action``, ``phase``, ``plan_phase``, and for readers of other
projects ``demo_keypoints`` and ``demo_path`` of the demonstration's frame nearest to the phase. ``meta/*`` has one row
per episode: the whole demonstration (e, t, ...), ``seed`` (int64), ``success`` (uint8), ``fps`` and ``demo_fps``
(float64), and the texts ``task``, ``text`` and ``provenance`` (JSON). `ivg.policy.datasets.store` has the rest of the
layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import unknown_option

from .episode import DEMONSTRATION_ARRAYS, FACTS, RobotEpisode
from .store.archive import holds
from .store.layout import Layout, Rows, provenance_bytes
from .store.reading import Dataset
from .store.writing import write_dataset

_STEPS = ("image", "proprio", "action", "phase", "plan_phase")
_NUMBERS = {"seed": np.int64, "success": np.uint8, "fps": np.float64, "demo_fps": np.float64}
_PER_STEP = ("demo_keypoints", "demo_path")


def _rows_of(episode: RobotEpisode) -> Rows:
    frames = episode.demo_frame
    data = {key: getattr(episode, key) for key in _STEPS}
    data |= {key: getattr(episode, key)[frames] for key in _PER_STEP}
    meta = {key: getattr(episode, key) for key in DEMONSTRATION_ARRAYS}
    meta |= {key: np.asarray(getattr(episode, key), dtype) for key, dtype in _NUMBERS.items()}
    provenance = provenance_bytes(episode.provenance)
    return Rows(data, meta, {"task": episode.task.encode(), "text": episode.text.encode(), "provenance": provenance})


def _episode_of(rows: Rows) -> RobotEpisode:
    arguments: dict[str, Any] = {key: rows.data[key] for key in _STEPS}
    arguments |= {key: rows.meta[key] for key in DEMONSTRATION_ARRAYS}
    arguments |= {key: FACTS[key](rows.meta[key]) for key in _NUMBERS}
    arguments |= {key: rows.texts[key].decode() for key in ("task", "text")}
    return RobotEpisode(**arguments, provenance=json.loads(rows.texts["provenance"]))


# the layout of datasets of robot episodes; the arrays per step of the demonstration follow from it and the phase
ROBOT_EPISODES = Layout(
    noun="robot episode",
    data=(*_STEPS, *_PER_STEP),
    meta=(*DEMONSTRATION_ARRAYS, *_NUMBERS),
    texts=("task", "text", "provenance"),
    rows_of=_rows_of,
    episode_of=_episode_of,
    derived=_PER_STEP,
)


class EpisodeStore(Dataset[RobotEpisode]):
    """A dataset of robot episodes, `*.zarr` or `*.zarr.zip`, read episode by episode: a sequence of `RobotEpisode`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, ROBOT_EPISODES)

    @cached_property
    def tasks(self) -> list[str]:
        """The task of every episode."""
        return self.all_texts("task")

    @cached_property
    def texts(self) -> list[str]:
        """The text of every episode."""
        return self.all_texts("text")

    def episodes_of(self, tasks: Sequence[str]) -> list[int]:
        """Return the indices of the episodes of some tasks; an `InputError` if the dataset has no such task."""
        for task in tasks:
            if task not in self.tasks:
                raise unknown_option("task", task, sorted(set(self.tasks)))
        return [index for index, task in enumerate(self.tasks) if task in tasks]


def is_episode_dataset(path: str | Path) -> bool:
    """Return whether a path is a dataset of robot episodes, which may be incomplete."""
    return holds(Path(path), "data/action", "meta/episode_ends")


def write_episodes(
    path: str | Path,
    episodes: Iterable[RobotEpisode],
    *,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a dataset of robot episodes, which is there whole or not at all.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.
        episodes: At least one, all of one image size and demonstration length; a generator is drawn from as needed.
        attributes: JSON values to store beside the arrays.
        overwrite: Replace an existing dataset.

    Raises:
        InputError: If the path exists (and is not to be overwritten), its name has another ending, there is no
            episode, or their sizes differ.
        StoreError: If another process writes it, or the system refuses.
    """
    return write_dataset(path, episodes, ROBOT_EPISODES, attributes, overwrite=overwrite)


def append_episodes(
    path: str | Path, episodes: Iterable[RobotEpisode], *, attributes: Mapping[str, Any] | None = None
) -> Path:
    """Append to a dataset of robot episodes, or write a new one; on failure the dataset is as it was.

    Untouched chunks of a folder are linked, not copied; a zip file is written anew. Attributes of other names stay.
    Without episodes only attributes change.

    Raises:
        InputError: As `write_episodes` does, but for an existing path.
        StoreError: If there is another kind of dataset, another process writes it, or the system refuses.
    """
    return write_dataset(path, episodes, ROBOT_EPISODES, attributes, append=True)

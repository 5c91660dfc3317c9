"""Datasets of robot episodes: reading, writing, appending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..store.archive import holds
from ..store.reading import Dataset
from ..store.writing import append_dataset, write_dataset
from .episode import RobotEpisode
from .layout import ROBOT_EPISODES


class EpisodeStore(Dataset[RobotEpisode]):
    """A dataset of robot episodes, read episode by episode: a sequence of `RobotEpisode`.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.

    Example:
        >>> with EpisodeStore("kitchen.zarr") as store:
        ...     actions = [episode.action for episode in store]
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


def is_episode_dataset(path: str | Path) -> bool:
    """Tell a dataset of robot episodes, which may be incomplete, from anything else."""
    return holds(Path(path), "data/action", "meta/episode_ends")


def write_episodes(
    path: str | Path,
    episodes: Iterable[RobotEpisode],
    *,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a dataset; it is there whole or not at all.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.
        episodes: At least one, all with pictures of one size and demonstrations of one length; a generator is drawn
            from as it is written.
        attributes: JSON values to keep beside the arrays (`EpisodeStore.attributes`).
        overwrite: Replace what stands there.

    Returns:
        The path.

    Raises:
        InputError: If the path exists (and is not to be overwritten), its name has another ending, there is no
            episode, or their sizes differ.
    """
    return write_dataset(path, episodes, ROBOT_EPISODES, attributes=attributes, overwrite=overwrite)


def append_episodes(
    path: str | Path, episodes: Iterable[RobotEpisode], *, attributes: Mapping[str, Any] | None = None
) -> Path:
    """Append to a dataset, or write a new one where there is none; on failure the dataset is as it was.

    Untouched chunks of a folder are linked, not copied; a zip file is written anew. One writer at a time: a second
    one that finishes in between is noticed, and this one gives up.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.
        episodes: Of the dataset's sizes; may be none where there is a dataset and only its attributes change.
        attributes: JSON values to keep beside the arrays; those of other names stay.

    Returns:
        The path.

    Raises:
        InputError: As `write_episodes` does, but for an existing path.
        StoreError: If what is there is no such dataset, or it changed meanwhile.
    """
    return append_dataset(path, episodes, ROBOT_EPISODES, attributes=attributes)

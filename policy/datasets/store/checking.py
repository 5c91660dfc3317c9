"""Looking for damage in a dataset: every episode is read and compared with its checksums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ivg.errors import IvgError, StoreError

from .checksums import CHECKSUM, checksum_names, checksums
from .layout import Rows
from .reading import Dataset


@dataclass(frozen=True)
class Damage:
    """Something that is broken.

    Attributes:
        episode: Its place.
        array: Path of the array, such as "data/image"; "" if all are as written, but do not make an episode.
        reason: What is wrong with it.
    """

    episode: int
    array: str
    reason: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"episode {self.episode}{', ' if self.array else ''}{self.array}: {self.reason}"


def check_episodes(dataset: Dataset[Any]) -> Iterator[list[Damage]]:
    """Check episode after episode.

    Args:
        dataset: Open; what is wrong with its arrays' lengths would not have let it be opened.

    Yields:
        For each episode what is broken in it; nothing, if it is whole.

    Raises:
        StoreError: If the checksums themselves cannot be read.
    """
    try:
        known = dataset.per_episode(CHECKSUM)
    except Exception as error:  # as below
        raise StoreError(f"meta/{CHECKSUM} of '{dataset.path}' cannot be read: {error}") from error
    for episode in range(len(dataset)):
        yield _damage(dataset, episode, known[episode])


def _damage(dataset: Dataset[Any], episode: int, known: np.ndarray[Any, Any]) -> list[Damage]:
    names, found = checksum_names(dataset.layout), []
    parts: dict[str, Any] = {}
    for name in names:
        try:
            parts[name] = dataset.part(name, episode)
        except Exception as error:  # a chunk that does not unpack raises whatever its codec raises
            found.append(Damage(episode, name, f"cannot be read ({type(error).__name__}: {error})"))
    if found:
        return found
    layout = dataset.layout
    rows = Rows(
        {key: parts[f"data/{key}"] for key in layout.data},
        {key: parts[f"meta/{key}"] for key in layout.meta},
        {key: parts[f"meta/{key}"].tobytes() for key in layout.texts},
    )
    same = (checksums(rows, layout) == known).all(axis=1)
    found = [Damage(episode, name, "is not what was written") for name, ok in zip(names, same, strict=True) if not ok]
    return found or _senseless(dataset, episode)


def _senseless(dataset: Dataset[Any], episode: int) -> list[Damage]:
    try:
        dataset[episode]
    except (IvgError, ValueError) as error:
        return [Damage(episode, "", f"is no {dataset.layout.noun}: {error}")]
    return []

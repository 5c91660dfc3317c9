"""Reading demonstrations back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ivg.errors import StoreError

from ..demonstration import Demonstration
from .archive import open_folder
from .layout import DATA_KEYS, demonstration_of


class DemonstrationStore:
    """A dataset of demonstrations, read episode by episode: a sequence of `Demonstration`.

    Args:
        path: A folder `*.zarr` or a file `*.zarr.zip`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.

    Example:
        >>> with DemonstrationStore("demos.zarr") as store:
        ...     clips = [demonstration.clip for demonstration in store]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise StoreError(f"there is no dataset of demonstrations at '{self.path}'")
        self._group = open_folder(self.path, "r")
        meta = {key: self._group["meta"][key][:] for key in ("episode_ends", "fps", "provenance_ends")}
        self._ends, self._fps = meta["episode_ends"], meta["fps"]
        self._note_ends = meta["provenance_ends"]
        frames = {self._group["data"][key].shape[0] for key in DATA_KEYS}
        if len({len(array) for array in meta.values()}) != 1 or frames != {int(self._ends[-1])}:
            raise StoreError(f"'{self.path}' is incomplete: its arrays differ in length")

    def __len__(self) -> int:
        """Return the number of episodes."""
        return len(self._ends)

    def __getitem__(self, episode: int) -> Demonstration:
        """Read an episode; negative numbers count from the end.

        Raises:
            StoreError: If there is no such episode.
        """
        if not -len(self) <= episode < len(self):
            raise StoreError(f"'{self.path}' has {len(self)} episodes, there is no episode {episode}")
        rows = _span(self._ends, episode)
        note = self._group["meta"]["provenance"][_span(self._note_ends, episode)].tobytes()
        arrays = {key: np.asarray(self._group["data"][key][rows]) for key in DATA_KEYS}
        return demonstration_of(arrays, float(self._fps[episode]), note)

    def __iter__(self) -> Iterator[Demonstration]:
        """Read the episodes in order."""
        return (self[episode] for episode in range(len(self)))

    def close(self) -> None:
        """Close the file behind the dataset."""
        self._group.store.close()

    def __enter__(self) -> DemonstrationStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _span(ends: Any, episode: int) -> slice:
    episode %= len(ends)
    return slice(int(ends[episode - 1]) if episode else 0, int(ends[episode]))

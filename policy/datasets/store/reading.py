"""Reading a dataset episode by episode."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, Self

import numpy as np
from numpy.typing import NDArray

from ivg.errors import StoreError

from .archive import open_layout
from .layout import CHECKSUM, EpisodeT, Layout, Rows

TRIES = 5  # how often a dataset is reopened that a writer changes meanwhile


class Dataset(Generic[EpisodeT]):
    """A dataset of any layout, `*.zarr` or `*.zarr.zip`: a sequence of episodes.

    Attributes:
        episode_ends: int64 (e,), where each episode ends (exclusive) on the first axis of `data/*`.

    Raises:
        StoreError: If it is missing, unreadable or of another layout.
    """

    episode_ends: NDArray[np.int64]

    def __init__(self, path: str | Path, layout: Layout[EpisodeT]) -> None:
        self.path, self.layout = Path(path), layout
        if not self.path.exists():
            raise StoreError(f"there is no dataset of {layout.noun}s at '{self.path}'")
        for _ in range(TRIES):
            before = self.path.stat().st_ino  # changes when a writer replaces the dataset by a longer one
            error = self._open()
            if self.path.stat().st_ino == before:
                break
        if error is not None:
            raise error

    def _open(self) -> StoreError | None:
        """Open the arrays; return the error if they do not fit together (a writer may have changed them meanwhile)."""
        layout = self.layout
        try:
            self._group = open_layout(self.path, "r", layout)
        except StoreError as error:
            return error
        self._data = {key: self._group[f"data/{key}"] for key in layout.data}
        self._meta = {key: self._group[f"meta/{key}"] for key in (*layout.meta, *layout.texts, CHECKSUM)}
        self.episode_ends = self._group["meta/episode_ends"][:]
        self._text_ends = {name: self._group[f"meta/{name}_ends"][:] for name in layout.texts}
        steps = int(self.episode_ends[-1]) if len(self) else 0
        counts = [self._meta[key].shape[0] for key in (*layout.meta, CHECKSUM)]
        counts += [len(ends) for ends in self._text_ends.values()]
        if {array.shape[0] for array in self._data.values()} != {steps} or set(counts) != {len(self)}:
            return StoreError(f"'{self.path}' is incomplete: its arrays differ in length")
        return None

    def __len__(self) -> int:
        return len(self.episode_ends)

    def __getitem__(self, episode: int) -> EpisodeT:  # negative numbers count from the end
        if not -len(self) <= episode < len(self):
            raise StoreError(f"'{self.path}' has {len(self)} episodes, there is no episode {episode}")
        episode %= len(self)
        layout = self.layout
        data = {key: self.part(f"data/{key}", episode) for key in layout.data if key not in layout.derived}
        meta = {key: self.part(f"meta/{key}", episode) for key in layout.meta}
        texts = {name: self.part(f"meta/{name}", episode).tobytes() for name in layout.texts}
        return layout.episode_of(Rows(data, meta, texts))

    def __iter__(self) -> Iterator[EpisodeT]:
        return (self[episode] for episode in range(len(self)))

    @property
    def episode_starts(self) -> NDArray[np.int64]:
        """int64 (e,), where each episode begins."""
        return np.concatenate([np.zeros(min(1, len(self)), np.int64), self.episode_ends[:-1]])

    @property
    def attributes(self) -> dict[str, Any]:
        """JSON values stored beside the arrays."""
        return dict(self._group.attrs)

    @property
    def fingerprint(self) -> str:
        """Hex digits that change when episodes are appended or replaced."""
        digest = hashlib.sha256(self.episode_ends.tobytes())
        for name in self.layout.texts:
            digest.update(self._meta[name][:].tobytes())
        return digest.hexdigest()

    def per_step(self, key: str) -> Any:
        """Return an array of `data/` as a zarr array, all episodes concatenated."""
        return self._data[key]

    def per_episode(self, key: str) -> NDArray[Any]:
        """Read an array of `meta/` with one row per episode."""
        return np.asarray(self._meta[key][:])

    def part(self, name: str, episode: int) -> NDArray[Any]:
        """Read an episode's part of an array such as "data/image" or "meta/task"; of a text its bytes."""
        folder, key = name.split("/")
        if folder == "data":
            return np.asarray(self._data[key][_span(self.episode_ends, episode)])
        if key in self._text_ends:
            return np.asarray(self._meta[key][_span(self._text_ends[key], episode)])
        return np.asarray(self._meta[key][episode])

    def all_texts(self, name: str) -> list[str]:
        """Read a text of all episodes."""
        joined = self._meta[name][:].tobytes()
        ends = self._text_ends[name]
        return [joined[_span(ends, episode)].decode() for episode in range(len(self))]

    def close(self) -> None:
        """Close the file behind the dataset."""
        self._group.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _span(ends: NDArray[np.int64], episode: int) -> slice:
    return slice(int(ends[episode - 1]) if episode else 0, int(ends[episode]))

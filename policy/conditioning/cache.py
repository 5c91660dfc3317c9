"""A cache of demonstrations: in memory, and on disk where several processes can share them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.io.staging import staged_output
from ivg.types import Camera

_LAYOUT = 2
_FOUND = "found"


@dataclass(frozen=True, eq=False)
class ObservedDemonstration:
    """The arrays of a demonstration as a policy observes them, maybe with an embedding; zeros if none was `found`."""

    arrays: dict[str, NDArray[Any]]
    found: bool


class DemonstrationCache:
    """Keeps demonstrations by what they were made from, and counts `hits` and `misses`.

    Memory holds the `capacity` that were used last (about 6 KB each, without an embedding). With a `folder` they are on
    disk, too, for processes to share: one ``.npz`` each (no pickle), written whole or not at all. A file that cannot be
    read is made anew.

    Raises:
        InputError: If the capacity is not positive.
    """

    def __init__(self, folder: str | Path | None = None, capacity: int = 4096) -> None:
        if capacity < 1:
            raise InputError(f"a cache's capacity must be positive, got {capacity}")
        self.folder = None if folder is None else Path(folder)
        self.capacity = capacity
        self.hits = self.misses = 0
        self._memory: OrderedDict[str, ObservedDemonstration] = OrderedDict()

    def get(self, key: str) -> ObservedDemonstration | None:
        """Return the demonstration of a key; None if it is not there."""
        found = self._memory.get(key) or (None if self.folder is None else _read(self._file(key)))
        if found is not None:
            self._remember(key, found)
        return found

    def put(self, key: str, demonstration: ObservedDemonstration) -> None:
        """Keep a demonstration."""
        self._remember(key, demonstration)
        if self.folder is not None:
            with staged_output(self._file(key), overwrite=True) as stage:
                found = np.array(demonstration.found)
                np.savez(stage, **demonstration.arrays, **{_FOUND: found})  # type: ignore[arg-type]

    def get_or_make(self, key: str, make: Callable[[], ObservedDemonstration]) -> ObservedDemonstration:
        """Return the demonstration of a key; make and keep it if it is not there."""
        found = self.get(key)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        self.put(key, made := make())
        return made

    def __len__(self) -> int:
        return len(self._memory)

    def _remember(self, key: str, demonstration: ObservedDemonstration) -> None:
        self._memory[key] = demonstration
        self._memory.move_to_end(key)
        while len(self._memory) > self.capacity:
            self._memory.popitem(last=False)

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.npz"


def cache_key(
    frame: NDArray[np.uint8],
    text: str,
    seed: int,
    camera: Camera,
    fingerprint: dict[str, Any],
    depth: NDArray[np.floating] | None = None,
) -> str:
    """Return the SHA-256, in hex, over all that determines a demonstration.

    `fingerprint` holds JSON values: of the source (weights, appearance, ...) and of what is computed from it. The other
    arguments are those of a `DemonstrationSource`.
    """
    described = [_LAYOUT, text, int(seed), frame.shape, str(frame.dtype), camera.width, camera.height, fingerprint]
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for array in (frame, camera.K, camera.T_world_camera, *(() if depth is None else (depth,))):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def fill_cache(
    env: gym.Env[Any, Any], seeds: Iterable[int], progress: Callable[[int, bool], None] | None = None
) -> list[int]:
    """Put the demonstrations of scenes into the cache: in one process, before others start.

    Args:
        env: A `VideoDemoWrapper`, with a cache on disk if other processes are to find them.
        seeds: Of the scenes.
        progress: Called as `progress(seed, found)`.

    Returns:
        The seeds for which a demonstration was found.
    """
    found = []
    for seed in map(int, seeds):
        _, info = env.reset(seed=seed)
        if info["demo_found"]:
            found.append(seed)
        if progress is not None:
            progress(seed, bool(info["demo_found"]))
    return found


def _read(file: Path) -> ObservedDemonstration | None:
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return ObservedDemonstration(arrays, bool(arrays.pop(_FOUND)))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None

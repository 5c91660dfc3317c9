"""Robot episodes as diffusion_policy's ReplayBuffer, which is how they are stored: they are copied or zipped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import StoreError

from ..episode import RobotEpisode
from ..episodes import write_episodes
from ..store.archive import open_group


def export_replay_buffer(path: str | Path, episodes: Iterable[RobotEpisode], **options: Any) -> Path:
    """Write episodes as `write_episodes` does, and check the result with `check_replay_buffer`."""
    check_replay_buffer(written := write_episodes(path, episodes, **options))
    return written


def check_replay_buffer(path: str | Path) -> None:
    """Check a dataset against what diffusion_policy's ReplayBuffer expects.

    Zarr format 2; groups ``data`` and ``meta`` without further groups; ``meta/episode_ends`` int64, not compressed,
    growing; arrays of ``data`` as long as it says, in chunks that split time only, images (n, h, w, c) uint8, the
    rest float32.

    Raises:
        StoreError: Naming the first rule that is broken.
    """
    group = open_group(Path(path), "r")
    try:
        broken = _broken_rule(group)
    finally:
        group.store.close()
    if broken:
        raise StoreError(f"'{path}' is no ReplayBuffer: {broken}")


def _broken_rule(group: Any) -> str | None:
    for name in ("data", "meta"):
        if name not in group:
            return f"it has no group {name}"
        inner = sorted(group[name].group_keys())
        if inner:
            return f"{name} holds the group {inner[0]}"
    if "episode_ends" not in group["meta"]:
        return "it has no meta/episode_ends"
    ends = group["meta/episode_ends"]
    values = ends[:]
    if ends.dtype != np.int64 or ends.ndim != 1 or ends.compressors:
        return f"meta/episode_ends must be int64 (e,), not compressed, it is {ends.dtype} {ends.shape}"
    if (np.diff(values, prepend=0) <= 0).any():
        return "meta/episode_ends must grow"
    steps = int(values[-1]) if len(values) else 0
    broken = (_broken_array(array, steps) for _, array in sorted(group["data"].arrays()))
    return next((what for what in broken if what), None)


def _broken_array(array: Any, steps: int) -> str | None:
    name = f"data/{array.basename}"
    if not array.shape or array.shape[0] != steps:
        return f"{name} must have {steps} rows, as meta/episode_ends says, it has shape {array.shape}"
    if array.chunks[1:] != array.shape[1:]:
        return f"{name} must be in chunks that split time only, they are {array.chunks}"
    if array.dtype != (np.uint8 if array.ndim == 4 and array.shape[-1] in (1, 3) else np.float32):
        return f"{name} must be uint8 (n, h, w, c) or float32, it is {array.dtype} {array.shape}"
    return None

"""Windows of robot episodes to train policies on: a few observations, the next actions, the demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError, unknown_option

from .episode import DEMONSTRATION_KEYS
from .episodes import EpisodeStore
from .window_arrays import Range, chosen_episodes, distinct_names, map_images, read_rows

if TYPE_CHECKING:
    from torch.utils.data import DataLoader


class EpisodeWindows:
    """Every step of a dataset with the observations before it and the actions after it; a map-style torch dataset.

    A window belongs to one step i of an episode. As in diffusion policy (Chi et al. 2023, Sec. 3.1 and its code), it
    begins ``n_obs_steps - 1`` steps earlier: observations are those of steps ``i - n_obs_steps + 1 ... i``, actions
    those of the `horizon` steps from ``i - n_obs_steps + 1`` on. So ``action[first_action]`` is the first that a
    policy executes at step i, with ``first_action = n_obs_steps - 1``. Where a window reaches beyond an end of its
    episode, the first or the last step is repeated.

    A sample is a dict of numpy arrays (of a batch: with one more axis in front):

    ===================  ========  ====================  =======================================================
    key                  dtype     shape                 content
    ===================  ========  ====================  =======================================================
    ``image``            uint8     (n_obs, h, w, 3)      camera, RGB
    ``proprio``          float32   (n_obs, 16)           as the environment gives it
    ``action``           float32   (horizon, 7)          in [-1, 1]
    ``action_is_pad``    bool      (horizon,)            true where an action is repeated beyond an end
    ``phase``            float32   (horizon,)            position of the actions' steps in the demonstration, in [0, 1]
    ``plan_phase``       float32   (horizon,)            position along ``demo_plan`` that they led to, in [0, 1]
    ``demo_keypoints``   float32   (16, 2, 21, 2)        hand joints of the demonstration, normalised, 0 where absent
    ``demo_present``     float32   (16, 2)               1 where the hand is there
    ``demo_path``        float32   (16, 8)               gripper trajectory: m, quaternion wxyz, opening
    ``demo_plan``        float32   (32, 8)               the same planned for the robot's gripper
    ``text``             int64     ()                    index of the episode's text in `texts`
    ``task``             int64     ()                    index of the episode's task in `tasks`
    ``episode``          int64     ()                    index of the episode in the dataset
    ===================  ========  ====================  =======================================================

    Args:
        path: A dataset of robot episodes, `*.zarr` or `*.zarr.zip`.
        n_obs_steps: Steps of observation, at least 1.
        horizon: Actions of a window, at least `n_obs_steps`.
        episodes: Indices of the episodes to use; all if None.
        tasks: Only episodes of these tasks; all if None.
        cache: Folder of memory-mapped files with the images, found again the next time; None keeps them in memory.

    Attributes:
        first_action: Index of the current step in `action`.
        texts: The different texts of the episodes used, sorted.
        tasks: The different tasks of the episodes used, sorted.
        episodes: int64 (e,), indices in the dataset of the episodes used.
        ranges: `Range` of "proprio" (16,), "action" (7,), "demo_path" (8,), "demo_keypoints" (2,) over the episodes
            used; absent hands do not count.

    Raises:
        InputError: If a number is out of its range, an episode or task does not exist, or no episode is left.
        StoreError: If there is no such dataset.

    Example:
        >>> windows = EpisodeWindows("kitchen.zarr", n_obs_steps=2, horizon=16)
        >>> for batch in windows.loader(64):  # or torch.utils.data.DataLoader(windows, 64, shuffle=True)
        ...     batch["image"].shape
        torch.Size([64, 2, 128, 128, 3])
    """

    def __init__(
        self,
        path: str | Path,
        *,
        n_obs_steps: int = 2,
        horizon: int = 16,
        episodes: Sequence[int] | NDArray[np.integer] | None = None,
        tasks: Sequence[str] | None = None,
        cache: str | Path | None = None,
    ) -> None:
        if n_obs_steps < 1:
            raise InputError(f"n_obs_steps must be at least 1, got {n_obs_steps}")
        if horizon < n_obs_steps:
            raise InputError(f"horizon must be at least n_obs_steps ({n_obs_steps}), got {horizon}")
        self.n_obs_steps, self.horizon, self.first_action = n_obs_steps, horizon, n_obs_steps - 1
        with EpisodeStore(path) as store:
            self.episodes = chosen_episodes(store, episodes, tasks)
            self._read(store, Path(cache) if cache is not None else None)
        self.ranges = self._ranges()

    def __len__(self) -> int:
        return len(self._slot)

    def __getitem__(self, index: int | Sequence[int]) -> dict[str, Any]:
        if not isinstance(index, int | np.integer):
            return self.batch(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} windows, there is no window {index}")
        return {key: values[0] for key, values in self.batch([index % len(self)]).items()}

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Any]]:  # torch's DataLoader calls this
        arrays = self.batch(indices)
        return [{key: values[row] for key, values in arrays.items()} for row in range(len(indices))]

    def loader(
        self, batch_size: int, *, shuffle: bool = True, seed: int = 0, num_workers: int = 0, drop_last: bool = True
    ) -> DataLoader[dict[str, Any]]:
        """Return a DataLoader of whole batches, as tensors: several times as fast as one that collates samples.

        With `shuffle` each epoch has another random order, drawn from `seed`. Workers share the images of a `cache`.

        Raises:
            InputError: If `batch_size` is not positive, or no batch would come.
        """
        import torch
        from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler

        if batch_size < 1:
            raise InputError(f"batch_size must be positive, got {batch_size}")
        if drop_last and batch_size > len(self):
            raise InputError(f"batch_size must be at most {len(self)} (all windows), got {batch_size}")
        generator = torch.Generator().manual_seed(seed)
        order = RandomSampler(self, generator=generator) if shuffle else SequentialSampler(self)
        batches = BatchSampler(order, batch_size, drop_last)
        return DataLoader(self, sampler=batches, batch_size=None, num_workers=num_workers)

    def batch(self, indices: Sequence[int] | NDArray[np.integer]) -> dict[str, NDArray[Any]]:
        """Return the samples of several windows at once, each array with an axis (b,) in front."""
        windows = np.asarray(indices, np.int64)
        slots, steps = self._slot[windows], self.steps(windows)
        seen = steps[:, : self.n_obs_steps]
        arrays = {"image": np.asarray(self._image[seen]), "action_is_pad": steps != self._unclipped(windows)}
        arrays |= {key: rows[seen if key == "proprio" else steps] for key, rows in self._rows.items()}
        arrays |= {key: values[slots] for key, values in self._demonstrations.items()}
        return {**arrays, "text": self._text[slots], "task": self._task[slots], "episode": self.episodes[slots]}

    def steps(self, indices: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
        """Return int64 (b, horizon): the steps of windows as rows of `per_step`, clipped to the episode."""
        windows = np.asarray(indices, np.int64)
        slots = self._slot[windows]
        return np.clip(self._unclipped(windows), self._first[slots, None], self._last[slots, None])

    def per_step(self, key: str) -> NDArray[np.float32]:
        """Return "proprio" (n, 16), "action" (n, 7), "phase" (n,) or "plan_phase" (n,) of the windows' steps."""
        if key not in self._rows:
            raise unknown_option("array", key, self._rows)
        return self._rows[key]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self._image.shape[1:]
        return int(height), int(width), int(channels)

    def _unclipped(self, windows: NDArray[np.int64]) -> NDArray[np.int64]:
        return windows[:, None] - self.first_action + np.arange(self.horizon)

    def _read(self, store: EpisodeStore, cache: Path | None) -> None:
        starts, ends = store.episode_starts[self.episodes], store.episode_ends[self.episodes]
        lengths = ends - starts
        self._last = np.cumsum(lengths) - 1
        self._first = self._last - lengths + 1
        self._slot = np.repeat(np.arange(len(lengths)), lengths)
        spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
        self._image = read_rows(store, "image", spans) if cache is None else map_images(store, spans, cache)
        self._rows = {key: read_rows(store, key, spans) for key in ("proprio", "action", "phase", "plan_phase")}
        self._demonstrations = {key: store.per_episode(key)[self.episodes] for key in DEMONSTRATION_KEYS}
        self.texts, self._text = distinct_names(store.texts, self.episodes)
        self.tasks, self._task = distinct_names(store.tasks, self.episodes)

    def _ranges(self) -> dict[str, Range]:
        present = self._demonstrations["demo_present"] > 0.5
        shown = present.any((1, 2))  # episodes that were imported have no demonstration: zeros, which do not count
        ranges = {key: Range.of(self._rows[key]) for key in ("proprio", "action")}
        ranges["demo_path"] = Range.of(self._demonstrations["demo_path"][shown if shown.any() else slice(None)])
        if present.any():
            ranges["demo_keypoints"] = Range.of(self._demonstrations["demo_keypoints"][present])
        return ranges

"""Robot episodes as batches for training policies."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ivg.data.split import split_indices
from ivg.errors import StoreError

from ..datasets import DEMONSTRATION_KEYS, EpisodeStore, EpisodeWindows
from .actions import action_coding
from .config import EpisodeData, PolicyConfig, PolicyTraining
from .networks.image_encoder import augment_images, resize_images
from .networks.observation_encoder import encode_texts, robot_features
from .policy import Batch, ChunkPolicy


class PolicyData:
    """Windows of some episodes of a dataset (by index) as batches for a policy."""

    def __init__(self, data: EpisodeData, episodes: NDArray[np.int64], policy: PolicyConfig) -> None:
        self.config, self.coding = policy, action_coding(policy.actions)
        steps: dict[str, Any] = {"n_obs_steps": policy.n_obs_steps, "horizon": policy.horizon}
        self.windows = EpisodeWindows(data.path, **steps, episodes=episodes, cache=data.cache)
        self.texts = encode_texts(self.windows.texts) if policy.conditioning == "text" else None

    def __len__(self) -> int:
        """Return the number of windows: one for each step."""
        return len(self.windows)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator | None, training: PolicyTraining) -> Batch:
        """Return the samples of some windows, their images augmented if `rng` is given."""
        found = self.windows.batch(rows)
        images = resize_images(found["image"][:, -self.config.image_steps :], self.config.image_size)
        if rng is not None:
            images = augment_images(images, rng, training.image_shift, training.brightness)
        batch = {"image": torch.from_numpy(images), "proprio": torch.from_numpy(found["proprio"])}
        if self.config.conditioning == "demo":
            batch |= {key: torch.from_numpy(found[key]) for key in DEMONSTRATION_KEYS}
        if self.texts is not None:
            batch["text"] = self.texts[torch.from_numpy(found["text"])]
        batch["phase"] = torch.from_numpy(found["plan_phase"])
        batch["chunk"] = self._chunk(rows, batch["proprio"][:, -1])
        return batch

    def fit(self, policy: ChunkPolicy) -> None:
        """Give a policy the statistics of all windows."""
        lows, highs, robots = [], [], []
        for rows in np.array_split(np.arange(len(self)), max(1, len(self) // 2048)):
            steps = self.windows.steps(rows)[:, : self.config.n_obs_steps]
            seen = torch.from_numpy(self.windows.per_step("proprio")[steps])
            robots.append(robot_features(seen))
            chunk = self._chunk(rows, seen[:, -1])
            lows.append(chunk.amin(0))
            highs.append(chunk.amax(0))
        policy.chunk_scale.fit(torch.stack(lows).amin(0), torch.stack(highs).amax(0))
        policy.encoder.robot_scale.fit(torch.cat(robots))

    def _chunk(self, rows: NDArray[np.int64], now: Tensor) -> Tensor:
        """Return the coded actions (b, horizon, size) of windows, for robots that are `now` (b, 16)."""
        steps = self.windows.steps(rows)
        action, proprio = (torch.from_numpy(self.windows.per_step(key)[steps]) for key in ("action", "proprio"))
        return self.coding.encode(action, proprio, now)


def split_episodes(data: EpisodeData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return indices of the successful episodes for training and held out (`StoreError` if there are less than two)."""
    with EpisodeStore(data.path) as store:
        good = np.flatnonzero(store.per_episode("success") > 0)
        if data.tasks is not None:
            good = np.array([index for index in good.tolist() if store.tasks[index] in data.tasks], np.int64)
    chosen = good[: data.limit]
    if len(chosen) < 2:
        raise StoreError(f"'{data.path}' has {len(chosen)} successful episodes to train on, which needs two at least")
    return split_indices(chosen)


def describe_data(data: EpisodeData, episodes: NDArray[np.int64]) -> dict[str, Any]:
    """Return a description of the training data as JSON values: tasks, number of episodes, seeds, images, rate."""
    with EpisodeStore(data.path) as store:
        seeds = store.per_episode("seed")[episodes]
        height, width = store.per_step("image").shape[1:3]
        return {
            "episodes": len(episodes),
            "tasks": sorted({store.tasks[index] for index in episodes.tolist()}),
            "seeds": [int(seeds.min()), int(seeds.max())],
            "image": [int(height), int(width)],
            "fps": float(store.per_episode("fps")[episodes[0]]),
            "steps": int((store.episode_ends - store.episode_starts)[episodes].sum()),
            "longest": int((store.episode_ends - store.episode_starts)[episodes].max()),
            "fingerprint": store.fingerprint[:16],
        }

"""Pictures that are rendered when they are looked at: a policy that acts in chunks looks at one step in eight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

IMAGE = "image"


class LazyImages(gym.Wrapper[Any, Any, Any, Any]):
    """Adds `image` to the observations of an environment that leaves it out, rendered when it is first read.

    What was not read before the next step cannot be read any more.

    Args:
        env: Its observations are dicts without `image`; `render()` gives the picture, uint8 (h, w, 3).
    """

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Mapping[str, NDArray[Any]], dict[str, Any]]:
        """Reset the environment."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._with_picture(observation), info

    def step(self, action: Any) -> tuple[Mapping[str, NDArray[Any]], SupportsFloat, bool, bool, dict[str, Any]]:
        """Do one step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._with_picture(observation), reward, terminated, truncated, info

    def _with_picture(self, observation: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        self._latest = _Observation(observation, self)
        return self._latest


class _Observation(Mapping[str, NDArray[Any]]):
    """What a step gave, and its picture once it was read."""

    def __init__(self, seen: Mapping[str, NDArray[Any]], world: LazyImages) -> None:
        self._seen, self._world = dict(seen), world

    def __getitem__(self, key: str) -> NDArray[Any]:
        if key == IMAGE and key not in self._seen:
            if self._world._latest is not self:
                raise KeyError("the picture of an earlier step was not read in time")
            self._seen[key] = np.asarray(self._world.render())
        return self._seen[key]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._seen, IMAGE: None})

    def __len__(self) -> int:
        return len(self._seen | {IMAGE: np.empty(0)})

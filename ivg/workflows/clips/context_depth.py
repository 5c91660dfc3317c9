"""The depth image of a rendered clip's context, which the clip store does not keep: its scene is laid out again."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError

SAME = 8  # levels by which pixels of one scene may differ between machines


class ContextDepth:
    """Lays out scenes of the kitchen and gives their depth, in images of `size` px.

    Example:
        >>> with ContextDepth(128) as contexts:
        ...     depth = contexts(store.info(index), store.read(index).frames[0])
    """

    def __init__(self, size: int) -> None:
        self._env: gymnasium.Env[Any, Any] = gymnasium.make(
            "ivg.envs:ivg/Kitchen-v0", camera_size=size, depth=True, disable_env_checker=True
        )

    def __call__(self, info: dict[str, Any], context: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the depth, float32 (s, s), m along the optical axis, of a clip's frame 0, uint8 (s, s, 3).

        Raises:
            StoreError: If the clip shows no scene of the kitchen as it is now.
        """
        if "scene" not in info:
            raise StoreError(f"clips of {info.get('source', 'unknown source')!r} have no scene to take the depth of")
        task, seed = info["scene"]
        observation, _ = self._env.reset(seed=int(seed), options={"task": task})
        off = np.abs(observation["image"].astype(np.int16) - context).max()
        if off > SAME:
            raise StoreError(
                f"scene {seed} of {task!r} looks different from the clip's context frame: the store was rendered by "
                "another version of the kitchen; render it anew with ivg-dataset render"
            )
        return np.asarray(observation["depth"], np.float32)

    def __enter__(self) -> ContextDepth:
        return self

    def __exit__(self, *_: object) -> None:
        self._env.close()

"""A gymnasium wrapper: adds a demonstration of the scene to the observations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError, unknown_option
from ivg.types import CLIP_FRAMES, Camera

from ..datasets import DEMONSTRATION_KEYS, PLAN_POINTS, no_demonstration
from .cache import DemonstrationCache, ObservedDemonstration, cache_key
from .observation import demonstration_observation, demonstration_spaces
from .sources import DemonstrationSource, fingerprint_of

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration

Observation = dict[str, NDArray[Any]]
EMBEDDING_KEY = "demo_embedding"


class VideoDemoWrapper(gym.Wrapper[Observation, Any, Observation, Any]):
    """Adds a demonstration of the scene to a Dict observation.

    On every reset the source is asked for a demonstration of ``info["text"]`` in the scene's image: ``obs["image"]``,
    or what ``render()`` returns where observations have no image. Its camera is ``info["camera"]`` (``K``,
    ``T_world_camera``, ``width``, ``height``). The scene's depth image is ``obs["depth"]``, or what the environment's
    own method ``depth()`` returns, if there is one. The demonstration's seed is the scene's. Demonstrations that were
    made before come from the cache.

    Where no hand is found, the arrays are zeros, ``info["demo_found"]`` is false, and `not_found` counts it.
    ``info["demo_seed"]`` is the seed of scene and demonstration.

    Args:
        env: Its observations are a Dict.
        source: Source of demonstrations; None gives zeros.
        cache: A `DemonstrationCache`, or the folder of one; one in memory if None.
        keys: Which of the demonstration's arrays the policy sees, see `ivg.policy.conditioning.observation`.
        embed: Turns an `ExtractedDemonstration` into float32 (d,), observed as ``demo_embedding``; with a cache
            on disk it needs an attribute `fingerprint`.
        embedding_size: d.
        seeds: Scenes that resets without a seed draw from; any seed if None. With a few, demonstrations come from
            the cache soon.
        text: What the demonstrations show, instead of ``info["text"]``.
        frames: Of the demonstrations.

    Raises:
        InputError: If the observations are no Dict, a key is unknown, or there is no seed to draw from; in a reset, if
            the environment gives no image, text or camera.
    """

    def __init__(
        self,
        env: gym.Env[Observation, Any],
        source: DemonstrationSource | None,
        *,
        cache: DemonstrationCache | str | Path | None = None,
        keys: Sequence[str] = DEMONSTRATION_KEYS,
        embed: Callable[[ExtractedDemonstration], NDArray[np.float32]] | None = None,
        embedding_size: int = 0,
        seeds: Sequence[int] | None = None,
        text: str | None = None,
        frames: int = CLIP_FRAMES,
    ) -> None:
        super().__init__(env)
        for key in keys:
            if key not in DEMONSTRATION_KEYS:
                raise unknown_option("demonstration key", key, DEMONSTRATION_KEYS)
        if (embed is None) != (embedding_size == 0):
            raise InputError(f"embed and embedding_size go together, got {embed} and {embedding_size}")
        if seeds is not None and len(seeds) == 0:
            raise InputError("seeds must hold at least one, or be None")
        self.source, self.keys, self.seeds, self.text = source, tuple(keys), seeds, text
        self.cache = cache if isinstance(cache, DemonstrationCache) else DemonstrationCache(cache)
        self.resets = self.not_found = 0
        self._embed, self._embedding_size, self._frames = embed, embedding_size, frames
        self._all_keys = (*keys, *([EMBEDDING_KEY] if embed is not None else []))
        self._rng = np.random.default_rng()
        self._fingerprint: dict[str, Any] | None = None
        self._shown = self._arrays()
        self.observation_space: gym.Space[Any] = self._space()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset to a scene and get a demonstration of it; a seed also decides which ones are drawn after it."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        else:
            seed = int(self._rng.integers(2**31) if self.seeds is None else self._rng.choice(self.seeds))
        observation, info = self.env.reset(seed=seed, options=options)
        self._shown = self._demonstrate(observation, info, seed)
        self.resets += 1
        self.not_found += self.source is not None and not self._shown.found
        self._info = {"demo_found": self._shown.found, "demo_seed": seed}
        return self._observe(observation), {**info, **self._info}

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Act; the observation shows the episode's demonstration."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._observe(observation), reward, terminated, truncated, {**info, **self._info}

    def _demonstrate(self, observation: Observation, info: dict[str, Any], seed: int) -> ObservedDemonstration:
        source = self.source
        if source is None:
            return self._arrays()
        frame, camera, text = _image(self.env, observation), _camera(info), self.text or info.get("text")
        if not text:
            raise InputError("info['text'] is missing: give VideoDemoWrapper the text of the task")
        depth = _depth(self.env, observation)
        if self._fingerprint is None:
            lasting = self.cache.folder is not None
            given = fingerprint_of(source, lasting=lasting)
            self._fingerprint = {"demonstration": given, "frames": self._frames, "plan": PLAN_POINTS}
            if self._embed:
                self._fingerprint["embed"] = fingerprint_of(self._embed, lasting=lasting)
        key = cache_key(frame, str(text), seed, camera, self._fingerprint, depth)
        return self.cache.get_or_make(key, lambda: self._arrays(source(frame, str(text), seed, camera, depth)))

    def _arrays(self, extracted: ExtractedDemonstration | None = None) -> ObservedDemonstration:
        arrays = dict(no_demonstration(self._frames) if extracted is None else demonstration_observation(extracted))
        if len(arrays["demo_path"]) != self._frames:
            raise InputError(f"demonstrations must have {self._frames} frames, got {len(arrays['demo_path'])}")
        if self._embed is not None:
            embedding = np.zeros(self._embedding_size) if extracted is None else self._embed(extracted)
            arrays[EMBEDDING_KEY] = np.asarray(embedding, np.float32).reshape(self._embedding_size)
        return ObservedDemonstration(arrays, extracted is not None)

    def _observe(self, observation: Observation) -> Observation:
        return {**observation, **{key: self._shown.arrays[key].copy() for key in self._all_keys}}

    def _space(self) -> gym.spaces.Dict:
        inner = self.env.observation_space
        if not isinstance(inner, gym.spaces.Dict):
            raise InputError(f"the environment's observations must be a Dict, got {inner}")
        spaces: dict[str, gym.Space[Any]] = dict(demonstration_spaces(self._frames))
        spaces[EMBEDDING_KEY] = gym.spaces.Box(-np.inf, np.inf, (self._embedding_size,), np.float32)
        return gym.spaces.Dict({**inner.spaces, **{key: spaces[key] for key in self._all_keys}})


def _image(env: gym.Env[Any, Any], observation: Observation) -> NDArray[np.uint8]:
    frame = observation["image"] if "image" in observation else env.render()
    if not isinstance(frame, np.ndarray) or frame.ndim != 3 or frame.dtype != np.uint8:
        raise InputError(
            "the environment shows no image of its scene: observations need an 'image', uint8 (h, w, 3), or the "
            "environment render_mode='rgb_array'"
        )
    return frame


def _depth(env: gym.Env[Any, Any], observation: Observation) -> NDArray[np.floating] | None:
    if "depth" in observation:
        return observation["depth"]
    method = getattr(env.unwrapped, "depth", None)
    return np.asarray(method()) if callable(method) else None


def _camera(info: dict[str, Any]) -> Camera:
    given = info.get("camera")
    if given is None:
        raise InputError("info['camera'] is missing: a demonstration cannot be brought into metres without it")
    K, pose = (np.asarray(given[name], np.float64) for name in ("K", "T_world_camera"))
    return Camera(K, pose, int(given["width"]), int(given["height"]))

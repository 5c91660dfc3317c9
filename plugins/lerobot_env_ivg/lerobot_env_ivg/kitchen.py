"""The kitchen with the observations and the attributes that LeRobot looks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ivg.envs.kitchen.env import KitchenEnv

SCENES = "scenes.json"
"""In the folder of demonstrations: ``{"source": its fingerprint, "seeds": [of the scenes that have one]}``."""


class LeRobotKitchen(gymnasium.Env[dict[str, Any], np.ndarray]):
    """``ivg/Kitchen-v0`` as LeRobot has it.

    Observation (Dict):
        pixels: ``camera`` names the image, uint8 `(camera_size, camera_size, 3)` RGB.
        agent_pos: float32 `(16,)`, the proprioception.
        environment_state: float32 `(256,)`, the demonstration's plan; only with ``demonstrations``.

    Action, reward and end of an episode: the kitchen's. ``info`` has ``is_success``. `task_description` is the task in
    words, `_max_episode_steps` the number of steps after which an episode is truncated.

    Args:
        task: The task, in words.
        camera: The image's name.
        camera_size: Its height and width, px.
        episode_length: Steps until truncation.
        render_mode: For gymnasium; images are rendered in any case.
        demonstrations: Folder that `ivg.policy.conditioning.fill_cache` filled, and that holds `SCENES`. Resets without
            a seed draw one of its scenes. None for none.

    Raises:
        EnvsError: A value is out of its range.
        FileNotFoundError: The folder has no `SCENES`.
        InputError: On reset: there is no demonstration of the scene in the folder.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012 (gymnasium declares it)

    def __init__(
        self,
        task: str = "close the drawer",
        camera: str = "front",
        camera_size: int = 128,
        episode_length: int = 400,
        render_mode: str | None = "rgb_array",
        demonstrations: str | Path | None = None,
    ) -> None:
        self.render_mode, self.task, self.task_description = render_mode, task, task
        self._camera, self._max_episode_steps = camera, episode_length
        kitchen = KitchenEnv(task, camera_size, horizon=episode_length, render_mode="rgb_array")
        self._kitchen = kitchen if demonstrations is None else _demonstrated(kitchen, Path(demonstrations))
        self._demonstrates = demonstrations is not None
        self.action_space = self._kitchen.action_space
        known = self._kitchen.observation_space.spaces
        images = spaces.Dict({camera: known["image"]})
        self.observation_space = spaces.Dict(self._named(images, known["proprio"], _plan_space()))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Reset to the scene of a seed; see the kitchen's."""
        super().reset(seed=seed)
        observation, info = self._kitchen.reset(seed=seed, options=options)
        self.task_description = info["text"]
        return self._observation(observation), {"is_success": False}

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Act; numbers beyond [-1, 1], as an untrained policy may return, are clipped."""
        bounded = np.clip(action, self.action_space.low, self.action_space.high).astype(np.float32)
        observation, reward, terminated, truncated, info = self._kitchen.step(bounded)
        return self._observation(observation), reward, terminated, truncated, {"is_success": bool(info["is_success"])}

    def render(self) -> np.ndarray:
        """Return an image of the scene."""
        return self._kitchen.render()

    def close(self) -> None:
        """Close the kitchen."""
        self._kitchen.close()

    def _observation(self, observation: dict[str, np.ndarray]) -> dict[str, Any]:
        plan = observation["demo_plan"].reshape(-1) if self._demonstrates else None
        return self._named({self._camera: observation["image"]}, observation["proprio"], plan)

    def _named(self, pixels: Any, proprio: Any, plan: Any) -> dict[str, Any]:
        named = {"pixels": pixels, "agent_pos": proprio}
        return {**named, "environment_state": plan} if self._demonstrates else named


def _demonstrated(kitchen: KitchenEnv, folder: Path) -> gymnasium.Env[Any, Any]:
    """Return the kitchen with the demonstrations of a folder in its observations."""
    from ivg.policy.conditioning import PrecomputedDemonstrations, VideoDemoWrapper

    scenes = json.loads((folder / SCENES).read_text())
    source = PrecomputedDemonstrations(scenes["source"])
    return VideoDemoWrapper(kitchen, source, cache=folder, keys=["demo_plan"], seeds=scenes["seeds"])


def _plan_space() -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (256,), np.float32)

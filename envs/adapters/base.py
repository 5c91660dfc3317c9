"""What the adapters share: another simulator's task with the kitchen's spaces, camera and info."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from ..errors import EnvsError
from ..interface import (
    CONTROL_HZ,
    action_space,
    check_action,
    check_options,
    check_settings,
    observation_space,
    pack_proprio,
)
from ..view import View
from ..wording import TaskMatch, match_wording
from .viewpoint import Viewpoint


@dataclass(frozen=True)
class AdaptedTask:
    """How a person asks for a task of another simulator, and by what words it is known."""

    phrasings: tuple[str, ...]
    words: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class ArmState:
    """The robot, world frame.

    Attributes:
        position_m: `(3,)`, the point between the fingertips.
        rotation: `(3, 3)`, the gripper: z approaches, x from the left to the right finger.
        opening: Of the gripper, in [0, 1].
        joints_rad: `(7,)`.
    """

    position_m: np.ndarray
    rotation: np.ndarray
    opening: float
    joints_rad: np.ndarray


class AdaptedEnv(gym.Env[dict[str, np.ndarray], np.ndarray]):
    """Another simulator's environment behind the interface of `ivg.envs.kitchen.env.KitchenEnv`.

    Observations, actions, reward and info are the kitchen's. Each adapter says how it moves its robot.

    Args:
        tasks: What the simulator scores, the default first.
        viewpoint: Where the picture is taken from.
        task: A sentence; one that is near none of `tasks` is accepted and not scored. None takes the default.
        camera_size: Side of the square picture, px, 32 to 1024.
        depth: Whether observations have ``depth``.
        horizon: Steps until truncation.
        render_mode: None or ``"rgb_array"``.

    Raises:
        EnvsError: A value is out of its range.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": CONTROL_HZ}  # noqa: RUF012 (gymnasium declares it)

    def __init__(
        self,
        tasks: dict[str, AdaptedTask],
        viewpoint: Viewpoint,
        task: str | None,
        camera_size: int,
        depth: bool,
        horizon: int,
        render_mode: str | None,
    ) -> None:
        check_settings(camera_size, horizon, render_mode)
        self.render_mode = render_mode
        self._tasks, self._viewpoint = tasks, viewpoint
        default = next(iter(tasks.values())).phrasings[0]
        self._match: TaskMatch = match_wording(default if task is None else task, tasks)
        self._size, self._depth, self._horizon = camera_size, depth, horizon
        self._view: View | None = None
        self._steps: int | None = None
        self._succeeded = False
        self.action_space = action_space()
        self.observation_space: gym.Space[Any] = observation_space(camera_size, depth)

    @property
    @abstractmethod
    def mj_model(self) -> mujoco.MjModel:
        """The compiled MuJoCo model."""

    @property
    @abstractmethod
    def mj_data(self) -> mujoco.MjData:
        """The MuJoCo data."""

    @abstractmethod
    def _restart(self, seed: int) -> None:
        """Lay the scene out anew; the same seed gives the same scene."""

    @abstractmethod
    def _advance(self, action: np.ndarray) -> None:
        """Move the robot for 1/20 s by an action in [-1, 1]."""

    @abstractmethod
    def _done(self, task: str) -> bool:
        """Whether the simulator says that a task is done."""

    @abstractmethod
    def _arm(self) -> ArmState:
        """Read the robot."""

    def _draw_option(self) -> mujoco.MjvOption:
        """Return what is drawn; by default what MuJoCo draws, without sites."""
        option = mujoco.MjvOption()
        option.sitegroup[:] = 0
        return option

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: The same seed gives the same pixels. None draws one.
            options: ``{"task": text}`` changes the task from this episode on.

        Returns:
            Observation and info.
        """
        super().reset(seed=seed)
        check_options(options)
        if options and "task" in options:
            self._match = match_wording(options["task"], self._tasks)
        self._restart(seed if seed is not None else int(self.np_random.integers(2**31)))
        self._steps, self._succeeded = 0, False
        return self._observe(), self._info()

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Move the robot for 1/20 s.

        Args:
            action: `(7,)` in [-1, 1]; values beyond are clipped.

        Returns:
            Observation, reward, terminated, truncated, info.
        """
        if self._steps is None:
            raise EnvsError("no scene yet: call reset() before this.")
        self._advance(check_action(action))
        self._steps += 1
        self._succeeded = self._match.task is not None and self._done(self._match.task)
        truncated = self._steps >= self._horizon
        return self._observe(), float(self._succeeded), self._succeeded, truncated, self._info()

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """Return the picture, uint8 `(camera_size, camera_size, 3)`, in mode ``"rgb_array"``."""
        return self._open_view().picture(self.mj_model, self.mj_data) if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the renderer."""
        if self._view is not None:
            self._view.close()
            self._view = None

    def _open_view(self) -> View:
        if self._view is None:
            model = self.mj_model
            limits = model.vis.global_
            limits.offwidth, limits.offheight = max(limits.offwidth, self._size), max(limits.offheight, self._size)
            model.vis.quality.shadowsize = 0  # shadows and many samples cost most of the time where there is no GPU
            model.vis.quality.offsamples = min(model.vis.quality.offsamples, 4)
            self._view = View(self._viewpoint.apply(model), self._size, self._draw_option())
        return self._view

    def _observe(self) -> dict[str, np.ndarray]:
        view, model, data = self._open_view(), self.mj_model, self.mj_data
        observation = {"image": view.picture(model, data), "proprio": self._proprio()}
        if self._depth:
            observation["depth"] = view.depth(model, data)
        return observation

    def _proprio(self) -> np.ndarray:
        arm, quaternion = self._arm(), np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(arm.rotation).reshape(9))
        return pack_proprio(arm.position_m, quaternion, arm.opening, arm.joints_rad, (self._steps or 0) / CONTROL_HZ)

    def _info(self) -> dict[str, Any]:
        return {
            "is_success": bool(self._succeeded),
            "camera": self._viewpoint.parameters(self._size),
            "task": self._match.task,
            "text": self._match.text,
            "scored": self._match.scored,
        }

"""What the kitchen and the adapters share: a scored task in MuJoCo as a gymnasium environment."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from .errors import EnvsError
from .interface import CONTROL_HZ, ArmState, action_space, check_action, check_settings, observation_space
from .rendering import View
from .wording import TaskMatch, Worded, match_wording


class TaskEnv(gym.Env[dict[str, np.ndarray], np.ndarray]):
    """A robot before a scene, with a task that a text asks for.

    Observation (Dict):
        image: uint8 `(camera_size, camera_size, 3)` RGB; not with ``image=False``.
        proprio: float32 `(16,)`: end-effector position (m, world), its quaternion (wxyz), gripper opening in [0, 1],
            joint angles (7, rad), time since the reset (s).
        depth: float32 `(camera_size, camera_size)`, m along the optical axis; only with ``depth=True``.

    Action: float32 `(7,)` in [-1, 1]: translation (1 = 5 cm a step), rotation (axis-angle, 1 = 0.5 rad), world frame,
    and the gripper (-1 opens, 1 closes); 20 Hz.

    Reward: 1 on the step at which the task is done, else 0; the episode terminates there. ``info`` has ``is_success``,
    ``camera`` (``K`` (3, 3) px, ``T_world_camera`` (4, 4) m in OpenCV axes, ``width``, ``height``), ``task``, ``text``,
    ``scored``.

    Args:
        tasks: What is scored, the default first.
        task: A sentence or a name of one of these; a text that is near none is accepted, and not scored. None takes the
            default.
        camera_size: Side of the square image, px, 32 to 1024.
        depth: Whether observations have ``depth``.
        horizon: Steps until truncation.
        render_mode: None or ``"rgb_array"``.
        image: Whether observations have ``image``. Most of a step's time is its image; a policy that does not look at
            every one leaves it out and calls `render()` when it wants one.

    Raises:
        EnvsError: A value is out of its range.
    """

    _simulation: Any  # The simulator's own environment
    metadata = {"render_modes": ["rgb_array"], "render_fps": CONTROL_HZ}  # noqa: RUF012 (gymnasium declares it)

    def __init__(
        self,
        tasks: Mapping[str, Worded],
        task: str | None = None,
        camera_size: int = 256,
        depth: bool = False,
        horizon: int = 400,
        render_mode: str | None = None,
        image: bool = True,
    ) -> None:
        check_settings(camera_size, horizon, render_mode)
        self.render_mode = render_mode
        self._tasks = tasks
        default = next(iter(tasks.values())).phrasings[0]
        self._match: TaskMatch = match_wording(default if task is None else task, tasks)
        self._size, self._depth, self._horizon, self._image = camera_size, depth, horizon, image
        self._view: View | None = None
        self._steps: int | None = None
        self._succeeded = False
        self.action_space = action_space()
        self.observation_space: gym.Space[Any] = observation_space(camera_size, depth, image)

    @property
    def mj_model(self) -> mujoco.MjModel:
        """The compiled MuJoCo model."""
        return self._physics()[0]

    @property
    def mj_data(self) -> mujoco.MjData:
        """The MuJoCo data."""
        return self._physics()[1]

    @abstractmethod
    def _physics(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """Return the compiled model and its data."""

    @abstractmethod
    def _restart(self, seed: int) -> None:
        """Lay the scene out anew; the same seed gives the same scene."""

    @abstractmethod
    def _advance(self, action: np.ndarray) -> None:
        """Move the robot for 1/20 s by an action in [-1, 1]."""

    @abstractmethod
    def _done(self, task: str) -> bool:
        """Whether a task is done."""

    @abstractmethod
    def _arm(self) -> ArmState:
        """Read the robot."""

    @abstractmethod
    def _new_view(self) -> View:
        """Make the view that images are taken with; called once."""

    @abstractmethod
    def _camera(self) -> dict[str, Any]:
        """Return ``info["camera"]``."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; returns observation and info.

        Args:
            seed: The scene's seed; the same seed gives the same pixels. None draws one.
            options: ``{"task": text}`` changes the task from this episode on.
        """
        super().reset(seed=seed)
        if options and (unknown := set(options) - {"task"}):
            raise EnvsError(f"unknown reset option {sorted(unknown)[0]!r}: it must be 'task'.")
        if options and "task" in options:
            self._match = match_wording(options["task"], self._tasks)
        self._restart(seed if seed is not None else int(self.np_random.integers(2**31)))
        self._steps, self._succeeded = 0, False
        return self._observe(), self._info()

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Move the robot for 1/20 s by an action `(7,)` in [-1, 1]; values beyond are clipped.

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
        """Return the image, uint8 `(camera_size, camera_size, 3)`, in mode ``"rgb_array"``."""
        return self._open_view().image(self.mj_model, self.mj_data) if self.render_mode == "rgb_array" else None

    def depth(self) -> np.ndarray:
        """Return what the camera sees now as depth, float32 `(camera_size, camera_size)`, m along the optical axis."""
        return self._open_view().depth(self.mj_model, self.mj_data)

    def close(self) -> None:
        """Free the renderer and the simulation."""
        if self._view is not None:
            self._view.close()
            self._view = None
        self._simulation.close()

    def _open_view(self) -> View:
        self._view = self._view or self._new_view()
        return self._view

    def _observe(self) -> dict[str, np.ndarray]:
        arm, quaternion = self._arm(), np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(arm.rotation).reshape(9))
        time_s = (self._steps or 0) / CONTROL_HZ
        opening = float(np.clip(arm.opening, 0.0, 1.0))
        proprio = np.concatenate([arm.position_m, quaternion, [opening], arm.joints_rad, [time_s]])
        observation = {"proprio": proprio.astype(np.float32)}
        if self._image:
            observation["image"] = self._open_view().image(self.mj_model, self.mj_data)
        if self._depth:
            observation["depth"] = self.depth()
        return observation

    def _info(self) -> dict[str, Any]:
        return {
            "is_success": bool(self._succeeded),
            "camera": self._camera(),
            "task": self._match.task,
            "text": self._match.text,
            "scored": self._match.scored,
        }

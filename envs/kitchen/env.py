"""``ivg/Kitchen-v0``: the kitchen as a gymnasium environment."""

from __future__ import annotations

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
from .camera import camera_of
from .cutting import part_carrot
from .scene.appearance import show_burner
from .scene.scene import KitchenScene, apply_scene, sample_scene
from .simulation import KitchenSimulation
from .state import KitchenState, StirCounter, read_state
from .tasks import TASKS, Task, TaskMatch, match_task
from .wiping import wipe_stains

_FREE_TASK = "cut_carrot"


class KitchenEnv(gym.Env[dict[str, np.ndarray], np.ndarray]):
    """A Panda behind a kitchen counter, seen from the eyes of a person in front of it.

    Observation (Dict):
        image: uint8 `(camera_size, camera_size, 3)` RGB, the egocentric camera; not with ``image=False``.
        proprio: float32 `(16,)`: end-effector position (m, world), its quaternion (wxyz), gripper opening in [0, 1]
            (1 = 8 cm), joint angles (7, rad), time since the reset (s).
        depth: float32 `(camera_size, camera_size)`, m along the optical axis; only with ``depth=True``.

    Action: float32 `(7,)` in [-1, 1]: translation (1 = 5 cm a step), rotation (axis-angle, 1 = 0.5 rad), world frame,
    and the gripper (-1 opens, 1 closes); robosuite's OSC_POSE at 20 Hz.

    Reward: 1 on the step at which the task is done, else 0; the episode terminates there. ``info`` has ``is_success``,
    ``camera`` (``K`` (3, 3) px, ``T_world_camera`` (4, 4) m in OpenCV axes, ``width``, ``height``), ``task``, ``text``,
    ``scored``.

    Args:
        task: A sentence or a name of `tasks.TASKS`. A text that is near none is accepted: it is not scored.
        camera_size: Side of the square picture, px, 32 to 1024.
        depth: Whether observations have ``depth``.
        horizon: Steps until truncation.
        render_mode: None or ``"rgb_array"`` (the egocentric picture).
        image: Whether observations have ``image``. Most of a step's time is its picture; a policy that does not look
            at every one leaves it out and calls `render()` when it wants one.

    Raises:
        EnvsError: A value is out of its range.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012 (gymnasium declares it)

    def __init__(
        self,
        task: str = "cut the carrot",
        camera_size: int = 256,
        depth: bool = False,
        horizon: int = 400,
        render_mode: str | None = None,
        image: bool = True,
    ) -> None:
        check_settings(camera_size, horizon, render_mode)
        self.render_mode = render_mode
        self._match: TaskMatch = match_task(task)
        self._size, self._depth, self._horizon, self._image = camera_size, depth, horizon, image
        self._simulation = KitchenSimulation(horizon=horizon)
        self._view = View("egocentric", camera_size)
        self.action_space = action_space()
        self.observation_space: gym.Space[Any] = observation_space(camera_size, depth, image)
        self._scene: KitchenScene | None = None

    @property
    def task(self) -> Task | None:
        """The task that success is judged by; None where the text is near none."""
        return TASKS[self._match.task] if self._match.task else None

    @property
    def scene(self) -> KitchenScene:
        """The scene of the current episode.

        Raises:
            EnvsError: The environment was not reset yet.
        """
        if self._scene is None:
            raise EnvsError("no scene yet: call reset() before this.")
        return self._scene

    @property
    def mj_model(self) -> mujoco.MjModel:
        """The compiled MuJoCo model."""
        return self._simulation.sim.model._model

    @property
    def mj_data(self) -> mujoco.MjData:
        """The MuJoCo data."""
        return self._simulation.sim.data._data

    def state(self) -> KitchenState:
        """Return the physical state of the kitchen's objects."""
        return read_state(self.mj_model, self.mj_data, self._stir.angle_rad)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Lay out a new kitchen.

        Args:
            seed: The scene's seed; the same seed gives the same pixels. None draws one.
            options: ``{"task": text}`` changes the task from this episode on.

        Returns:
            Observation and info.
        """
        super().reset(seed=seed)
        check_options(options)
        if options and "task" in options:
            self._match = match_task(options["task"])
        scene_seed = seed if seed is not None else int(self.np_random.integers(2**31))
        self._simulation.reset()
        self._scene = sample_scene(self._match.task or _FREE_TASK, scene_seed)
        apply_scene(self.mj_model, self.mj_data, self._scene)
        show_burner(self.mj_model, False)
        mujoco.mj_forward(self.mj_model, self.mj_data)
        self._stir = StirCounter()
        self._steps = 0
        self._succeeded = False
        return self._observe(), self._info()

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Move the robot for 1/20 s.

        Args:
            action: `(7,)` in [-1, 1]; values beyond are clipped.

        Returns:
            Observation, reward, terminated, truncated, info.
        """
        scene = self.scene
        self._simulation.step(check_action(action))
        self._steps += 1
        self._let_things_happen()
        self._succeeded = self.task is not None and self.task.success(self.state(), scene)
        truncated = self._steps >= self._horizon
        return self._observe(), float(self._succeeded), self._succeeded, truncated, self._info()

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """Return the egocentric picture, uint8 `(camera_size, camera_size, 3)`, in mode ``"rgb_array"``."""
        return self._picture() if self.render_mode == "rgb_array" else None

    def depth(self) -> np.ndarray:
        """Return what the camera sees now as depth, float32 `(camera_size, camera_size)`, m along the optical axis."""
        return self._view.depth(self.mj_model, self.mj_data)

    def close(self) -> None:
        """Free the renderer and the simulation."""
        self._view.close()
        self._simulation.close()

    def _let_things_happen(self) -> None:
        """What physics alone does not do: cuts, wiped spots, the burner's glow, the count of stirring."""
        part_carrot(self.mj_model, self.mj_data)
        wipe_stains(self.mj_model, self.mj_data)
        spoon = [self.mj_data.joint(f"spoon_{axis}").qpos[0] for axis in "xy"]
        if self.scene.spoon_xy_m is not None:
            self._stir.update(np.array(spoon))
        show_burner(self.mj_model, self.mj_data.joint("knob_hinge").qpos[0] >= 1.2)

    def _picture(self) -> np.ndarray:
        return self._view.picture(self.mj_model, self.mj_data)

    def _observe(self) -> dict[str, np.ndarray]:
        observation = {"proprio": self._proprio()}
        if self._image:
            observation["image"] = self._picture()
        if self._depth:
            observation["depth"] = self.depth()
        return observation

    def _proprio(self) -> np.ndarray:
        robot = self._simulation.robots[0]
        data = self.mj_data
        site = self.mj_model.site(robot.gripper["right"].important_sites["grip_site"]).id
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, data.site_xmat[site])
        fingers = data.qpos[robot._ref_gripper_joint_pos_indexes["right"]]
        opening = np.abs(fingers).sum() / 0.08
        joints = data.qpos[robot._ref_joint_pos_indexes]
        return pack_proprio(data.site_xpos[site], quaternion, opening, joints, self._steps / CONTROL_HZ)

    def _info(self) -> dict[str, Any]:
        return {
            "is_success": bool(self._succeeded),
            "camera": camera_of(self.mj_model, self.mj_data, "egocentric", self._size, self._size),
            "task": self._match.task,
            "text": self._match.text,
            "scored": self._match.scored,
        }

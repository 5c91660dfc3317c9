"""``ivg/Kitchen-v0``: the kitchen as a gymnasium environment."""

from typing import Any

import mujoco
import numpy as np

from ..camera import camera_of
from ..errors import EnvsError
from ..interface import ArmState
from ..panda import panda_state
from ..rendering import View
from ..task_env import TaskEnv
from .scene.appearance import show_burner
from .scene.scene import KitchenScene, apply_scene, sample_scene
from .simulation import KitchenSimulation
from .state import KitchenState, StirCounter, part_carrot, read_state, wipe_stains
from .tasks import TASKS, Task

CAMERA = "egocentric"
_FREE_TASK = "cut_carrot"


class KitchenEnv(TaskEnv):
    """A Panda behind a kitchen counter, seen from the eyes of a person in front of it.

    Observations, actions, reward, info and arguments are those of `TaskEnv`; the robot moves by robosuite's OSC_POSE.
    `task` is a sentence or a name of `tasks.TASKS`; a text that is near none is accepted, and not scored. A value out
    of its range raises an `EnvsError`.
    """

    def __init__(
        self,
        task: str = "cut the carrot",
        camera_size: int = 256,
        depth: bool = False,
        horizon: int = 400,
        render_mode: str | None = None,
        image: bool = True,
    ) -> None:
        super().__init__(TASKS, task, camera_size, depth, horizon, render_mode, image)
        self._simulation = KitchenSimulation(horizon)
        self._scene: KitchenScene | None = None

    @property
    def task(self) -> Task | None:
        """The task that success is judged by; None where the text is near none."""
        return TASKS[self._match.task] if self._match.task else None

    @property
    def scene(self) -> KitchenScene:
        """The scene of the current episode; before the first reset an `EnvsError`."""
        if self._scene is None:
            raise EnvsError("no scene yet: call reset() before this.")
        return self._scene

    def _physics(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        return self._simulation.sim.model._model, self._simulation.sim.data._data

    def state(self) -> KitchenState:
        """Return the physical state of the kitchen's objects."""
        return read_state(self.mj_model, self.mj_data, self._stir.angle_rad)

    def _restart(self, seed: int) -> None:
        self._simulation.reset()
        self._scene = sample_scene(self._match.task or _FREE_TASK, seed)
        apply_scene(self.mj_model, self.mj_data, self._scene)
        show_burner(self.mj_model, False)
        mujoco.mj_forward(self.mj_model, self.mj_data)
        self._stir = StirCounter()

    def _advance(self, action: np.ndarray) -> None:
        """Move the robot; then do what physics alone does not: cuts, wiped spots, stirring, the burner's glow."""
        self._simulation.step(action)
        part_carrot(self.mj_model, self.mj_data)
        wipe_stains(self.mj_model, self.mj_data)
        if self.scene.spoon_xy_m is not None:
            self._stir.update(np.array([self.mj_data.joint(f"spoon_{axis}").qpos[0] for axis in "xy"]))
        show_burner(self.mj_model, self.mj_data.joint("knob_hinge").qpos[0] >= 1.2)

    def _done(self, task: str) -> bool:
        return TASKS[task].success(self.state(), self.scene)

    def _arm(self) -> ArmState:
        return panda_state(self._simulation.robots[0], self.mj_model, self.mj_data)

    def _new_view(self) -> View:
        return View(CAMERA, self._size)

    def _camera(self) -> dict[str, Any]:
        return camera_of(self.mj_model, self.mj_data, CAMERA, self._size, self._size)

"""Meta-World's fifty tasks (version 3): a Sawyer arm whose gripper always points down."""

from typing import Any

from ..rendering import load_mujoco

load_mujoco()

import mujoco  # noqa: E402 (it chooses its OpenGL when it is imported)
import numpy as np  # noqa: E402

from ..errors import unknown_option  # noqa: E402
from ..interface import CONTROL_HZ, TRANSLATION_M, ArmState  # noqa: E402
from .base import AdaptedEnv, AdaptedTask, Viewpoint  # noqa: E402
from .metaworld_tasks import METAWORLD_SENTENCES  # noqa: E402
from .register import SIMULATORS, check_installed  # noqa: E402

check_installed(SIMULATORS["metaworld/reach"])
from metaworld.env_dict import ALL_V3_ENVIRONMENTS  # noqa: E402

_ARM = tuple(f"right_j{i}" for i in range(7))
_FINGERS = ("r_close", "l_close")
_FINGERTIPS = ("rightEndEffector", "leftEndEffector")
_MARKS = (*_FINGERTIPS, "endEffector")
_CLOSED_M = 0.07  # what both fingers travel
_HAND_TO_GRIPPER = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # its hand approaches along x
_STOP_WORDS = frozenset(["the", "a", "and", "it", "to", "of", "in", "into", "on", "at", "from"])

_VIEWPOINT = Viewpoint((0.0, 0.7, 0.1), 1.2, 155.0, -40.0, 45.0)  # at the end of the table, beside the robot


class MetaWorldEnv(AdaptedEnv):
    """A task of Meta-World (by its name without "-v3") at 20 Hz; other arguments as `AdaptedEnv`'s.

    The simulator's own action is four numbers at 80 Hz: where the gripper goes, and its fingers. Ours of seven makes
    four such steps of 1.25 cm at most; the three rotations are without effect, as the simulator has none. The seed
    draws object and goal from the task's own ranges; the goal, where there is one, is a coloured ball. A value out of
    its range, or a missing package, raises an `EnvsError`.
    """

    def __init__(self, name: str, task: str | None = None, *, horizon: int = 400, **settings: Any) -> None:
        if name not in METAWORLD_SENTENCES:
            raise unknown_option("Meta-World task", name, METAWORLD_SENTENCES)
        tasks = {name: _task(name)}
        super().__init__(tasks, _VIEWPOINT, task, horizon=horizon, **settings)
        self._simulation = _make(name)
        self._repeat = round(1.0 / (CONTROL_HZ * self._simulation.dt))
        self._simulation.action_scale = TRANSLATION_M / self._repeat
        self._simulation.max_path_length = horizon * self._repeat + 1  # the horizon is ours
        self._joint_addresses = np.array([self.mj_model.joint(joint).qposadr[0] for joint in _ARM])
        for mark in _MARKS:
            self.mj_model.site(mark).rgba[3] = 0.0

    def _physics(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        return self._simulation.model, self._simulation.data

    def _draw_option(self) -> mujoco.MjvOption:
        return mujoco.MjvOption()  # with sites: a goal is one

    def _restart(self, seed: int) -> None:
        mujoco.mj_resetData(self.mj_model, self.mj_data)
        self._simulation.seed(seed)
        self._simulation.reset()
        mujoco.mj_forward(self.mj_model, self.mj_data)
        self._is_done = False

    def _advance(self, action: np.ndarray) -> None:
        native = np.concatenate([action[:3], action[6:]])
        for _ in range(self._repeat):
            *_, info = self._simulation.step(native)
            self._is_done = bool(info["success"])

    def _done(self, task: str) -> bool:
        return self._is_done

    def _arm(self) -> ArmState:
        data = self.mj_data
        travel = sum(abs(float(data.joint(name).qpos[0])) for name in _FINGERS)
        rotation = data.body("hand").xmat.reshape(3, 3) @ _HAND_TO_GRIPPER
        position = np.mean([data.site(tip).xpos for tip in _FINGERTIPS], axis=0)
        return ArmState(position, rotation, 1.0 - travel / _CLOSED_M, data.qpos[self._joint_addresses])


def _make(name: str) -> Any:
    """Return Meta-World's environment, which draws a new task at each reset by its own seed."""
    native = ALL_V3_ENVIRONMENTS[f"{name}-v3"]()
    native._set_task_called = True  # what its own `make` does for single tasks
    native._freeze_rand_vec = False
    native.seeded_rand_vec = True
    return native


def _task(name: str) -> AdaptedTask:
    """Return a task that is known by all words of its sentence, or of its name, that say something."""
    sentence = METAWORLD_SENTENCES[name]
    words = [word for word in sentence.replace(",", "").split() if word not in _STOP_WORDS]
    return AdaptedTask((sentence, name.replace("-", " ")), tuple(frozenset({word}) for word in words))

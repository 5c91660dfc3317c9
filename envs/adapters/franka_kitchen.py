"""FrankaKitchen of gymnasium-robotics: a Franka arm at a stove, under operational-space control by differential IK."""

import contextlib
import io
from typing import Any

from ..rendering import load_mujoco

load_mujoco()

import mujoco  # noqa: E402 (it chooses its OpenGL when it is imported)
import numpy as np  # noqa: E402

from ..interface import CONTROL_HZ, ROTATION_RAD, TRANSLATION_M, ArmState  # noqa: E402
from .base import AdaptedEnv, AdaptedTask, Viewpoint  # noqa: E402
from .inverse_kinematics import DifferentialIK  # noqa: E402
from .register import SIMULATORS, check_installed  # noqa: E402

check_installed(SIMULATORS["franka-kitchen"])
with contextlib.redirect_stderr(io.StringIO()):  # on import it prints notices of other environments
    from gymnasium_robotics.envs.franka_kitchen.kitchen_env import KitchenEnv as Native

_OPEN_M = 0.08
_SITE = "end_effector"
_ARM = tuple(f"robot:panda0_joint{i}" for i in range(1, 8))
_FINGERS = tuple(f"robot:panda0_finger_joint{i}" for i in (1, 2))
_FINGER_AXIS_TO_X = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # its site has the fingers along -y

_OPEN, _TURN = "open pull slide", "turn switch light start rotate twist"
_TASKS = {
    "microwave": AdaptedTask.of("open the microwave", _OPEN, "microwave oven"),
    "kettle": AdaptedTask.of(
        "move the kettle to the back burner; push the kettle to the back", "move put push place set slide", "kettle pot"
    ),
    "light switch": AdaptedTask.of("turn on the light; switch on the light", _TURN + " flip", "light lamp"),
    "bottom burner": AdaptedTask.of(
        "turn on the bottom burner; turn the knob of the bottom burner", _TURN, "burner knob stove", "bottom front"
    ),
    "top burner": AdaptedTask.of(
        "turn on the top burner; turn the knob of the top burner", _TURN, "burner knob stove", "top back"
    ),
    "slide cabinet": AdaptedTask.of(
        "slide the cabinet open; open the sliding cabinet", _OPEN, "cabinet cupboard door", "slide sliding right"
    ),
    "hinge cabinet": AdaptedTask.of(
        "open the hinged cabinet; open the cabinet with hinges",
        _OPEN + " swing",
        "cabinet cupboard door",
        "hinge hinged left",
    ),
}
_VIEWPOINT = Viewpoint((-0.1, 0.6, 1.95), 1.9, 70.0, -30.0, 50.0)  # beside the robot, at the height of a head


class FrankaKitchenEnv(AdaptedEnv):
    """FrankaKitchen's seven tasks, one at a time, at 20 Hz (arguments: see `AdaptedEnv`).

    The simulator's own action is nine joint velocities at 12.5 Hz. The seven numbers of ours ask for a pose near the
    gripper's; damped least squares finds the joints for it, what holds the arm's weight is added, and the velocities
    (at most 2 rad/s, the simulator's limit) go through its own `step`. The scene is always the same: the seed changes
    the noise of its joint sensors only. A value out of its range, or a missing package, raises an `EnvsError`.
    """

    def __init__(self, task: str | None = None, **settings: Any) -> None:
        super().__init__(_TASKS, _VIEWPOINT, task, **settings)
        self._simulation = Native(
            tasks_to_complete=list(_TASKS), terminate_on_tasks_completed=False, remove_task_when_completed=False
        )
        self._robot = self._simulation.robot_env
        self._robot.frame_skip = round(1.0 / (CONTROL_HZ * self.mj_model.opt.timestep))
        self._joint_addresses = np.array([self.mj_model.joint(name).qposadr[0] for name in _ARM])
        self._dofs = np.array([self.mj_model.joint(name).dofadr[0] for name in _ARM])
        self._stiffness = self.mj_model.actuator_gainprm[: len(_ARM), 0].copy()
        self._kinematics = DifferentialIK(self.mj_model, _SITE, _ARM)
        self._completed: list[str] = []

    def _physics(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        return self._robot.model, self._robot.data

    def _restart(self, seed: int) -> None:
        self._simulation.reset(seed=seed)
        self._completed = []

    def _advance(self, action: np.ndarray) -> None:
        data = self.mj_data
        wanted = self._kinematics.joints_for(data, TRANSLATION_M * action[:3], ROTATION_RAD * action[3:6])
        wanted += data.qfrc_bias[self._dofs] / self._stiffness  # its position servos do not carry the arm's weight
        fingers = np.full(2, 0.5 * _OPEN_M * (0.5 - 0.5 * action[6]))
        change = np.concatenate([wanted, fingers]) - self._robot._last_robot_qpos
        *_, info = self._simulation.step(change / (self._robot.dt * self._robot.act_rng))
        self._completed = info["step_task_completions"]

    def _done(self, task: str) -> bool:
        return task in self._completed

    def _arm(self) -> ArmState:
        site = self.mj_data.site(_SITE)
        opening = sum(float(self.mj_data.joint(name).qpos[0]) for name in _FINGERS) / _OPEN_M
        rotation = site.xmat.reshape(3, 3) @ _FINGER_AXIS_TO_X
        return ArmState(site.xpos, rotation, opening, self.mj_data.qpos[self._joint_addresses])

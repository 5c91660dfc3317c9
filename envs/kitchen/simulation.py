"""The kitchen as a robosuite environment: a Panda under operational-space control behind the counter."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ..panda import panda_settings  # first, as it imports robosuite without its warnings

# isort: split
from robosuite.environments.manipulation.manipulation_env import ManipulationEnv
from robosuite.models.arenas import Arena
from robosuite.models.tasks import ManipulationTask
from robosuite.utils.control_utils import nullspace_torques, opspace_matrices, orientation_error

from .state import CARROT_PITCH_M, CARROT_SEGMENTS

ASSETS = Path(__file__).parent / "assets"
ROBOT_BASE_M = (0.66, 0.0, -0.02)
REST_QPOS = (0.0, -0.55, 0.0, -2.55, 0.0, 2.2, 0.785)
_OFFSCREEN_PX = 1024


class ArmTorques:
    """Khatib's operational-space control (1987) of one arm on a fixed base, as robosuite's ``OSC_POSE`` does it.

    robosuite runs its whole chain of controllers, observables and records at each of the 25 physics steps of an action.
    What changes between two of them is the arm's state alone. So robosuite does the first one, which sets the goals,
    and this does the others: the same equations on the same matrices. `controller` is robosuite's
    `OperationalSpaceController`: fixed impedance, no interpolation, goals in the world.
    """

    def __init__(self, controller: Any, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._controller, self._model, self._data = controller, model, data
        self._site = model.site(controller.ref_name).id
        self._positions = np.asarray(controller.qpos_index)
        self._velocities = np.asarray(controller.qvel_index)
        self._jacobian = np.zeros((6, model.nv))
        self._inertia = np.zeros((model.nv, model.nv))

    def torques(self) -> np.ndarray:
        """Return float64 `(joints,)`, N m, for the present state and the controller's goals; ``mj_step1`` was done."""
        controller, data, arm = self._controller, self._data, self._velocities
        mujoco.mj_jacSite(self._model, data, self._jacobian[:3], self._jacobian[3:], self._site)
        mujoco.mj_fullM(self._model, self._inertia, data.qM)
        mass, jacobian = self._inertia[arm][:, arm].copy(), self._jacobian[:, arm].copy(order="C")
        velocity = self._jacobian @ data.qvel
        turn = orientation_error(controller.goal_ori, data.site_xmat[self._site].reshape(3, 3))
        error = np.concatenate([controller.goal_pos - data.site_xpos[self._site], turn])
        wanted = error * controller.kp - velocity * controller.kd
        full, of_position, of_turn, nullspace = opspace_matrices(mass, jacobian, jacobian[:3], jacobian[3:])
        if controller.uncoupling:
            wrench = np.concatenate([of_position @ wanted[:3], of_turn @ wanted[3:]])
        else:
            wrench = full @ wanted
        posture = nullspace_torques(
            mass, nullspace, controller.initial_joint, data.qpos[self._positions], data.qvel[arm]
        )
        return np.asarray(jacobian.T @ wrench + data.qfrc_bias[arm] + posture)


class KitchenSimulation(ManipulationEnv):
    """robosuite's part: model, robot and controller. Scenes, success and images are `env.KitchenEnv`'s.

    The action is robosuite's OSC_POSE: 3 translations (1 = 5 cm), 3 rotations (1 = 0.5 rad), world frame, and the
    gripper (-1 open, 1 closed), each in [-1, 1].
    """

    def __init__(self, horizon: int = 400) -> None:
        fixed = {"base_types": "NullMount", "gripper_types": "default", "initialization_noise": None}
        super().__init__(**panda_settings(horizon), **fixed)

    def step(self, action: np.ndarray) -> None:
        """Do what robosuite's `step` does to the physics, faster (see `ArmTorques`), and return nothing."""
        model, data = self.sim.model._model, self.sim.data._data
        robot = self.robots[0]
        arm = ArmTorques(robot.part_controllers["right"], model, data)
        actuators = robot._ref_actuators_indexes_dict["right"]
        low, high = model.actuator_ctrlrange[actuators].T
        for substep in range(int(self.control_timestep / self.model_timestep)):
            mujoco.mj_step1(model, data)
            if substep == 0:
                self._pre_action(action, policy_step=True)
            else:
                data.ctrl[actuators] = np.clip(arm.torques(), low, high)
            mujoco.mj_step2(model, data)

    def reward(self, action: Any = None) -> float:
        """Return 0; the gymnasium environment rewards."""
        return 0.0

    def _load_model(self) -> None:
        super()._load_model()
        robot = self.robots[0].robot_model
        robot.set_base_xpos(ROBOT_BASE_M)
        robot.set_base_ori((0, 0, 3.141592653589793))
        self.robots[0].init_qpos = REST_QPOS
        arena = Arena(str(ASSETS / "arena.xml"))
        arena.worldbody.extend(ET.parse(ASSETS / "objects.xml").getroot())
        self.model = ManipulationTask(mujoco_arena=arena, mujoco_robots=[robot])

    def edit_model_xml(self, xml_str: str) -> str:
        """Add what robosuite does not merge from an arena: welds, the offscreen buffer, rendering quality."""
        root = ET.fromstring(super().edit_model_xml(xml_str))
        equality = root.find("equality")
        if equality is None:
            equality = ET.SubElement(root, "equality")
        for i in range(CARROT_SEGMENTS - 1):  # a weld that is switched off is a cut
            weld = {"name": f"carrot_weld_{i}", "body1": f"carrot_{i}", "body2": f"carrot_{i + 1}"}
            ET.SubElement(equality, "weld", weld, relpose=f"0 {CARROT_PITCH_M:g} 0 1 0 0 0", solref="0.006 1")
        visual = root.find("visual")
        if visual is None:
            visual = ET.SubElement(root, "visual")
        for tag in ("global", "quality", "map"):
            for old in visual.findall(tag):
                visual.remove(old)
        ET.SubElement(visual, "global", offwidth=str(_OFFSCREEN_PX), offheight=str(_OFFSCREEN_PX))
        ET.SubElement(visual, "quality", shadowsize="0", offsamples="4")
        ET.SubElement(visual, "map", znear="0.02", zfar="6")
        return ET.tostring(root, encoding="unicode")

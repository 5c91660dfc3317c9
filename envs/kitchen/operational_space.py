"""Torques of robosuite's operational-space controller between two actions, without the work that nothing here reads.

robosuite runs its whole chain of controllers, observables and records at each of the 25 physics steps of an action;
that took most of an action's time. What changes between two physics steps is the arm's state alone. So robosuite does
the first one of an action, which sets the goals, and this does the others: the same equations on the same matrices.
"""

from typing import Any

import mujoco
import numpy as np
from robosuite.utils.control_utils import nullspace_torques, opspace_matrices, orientation_error


class ArmTorques:
    """Khatib's operational-space control (1987) of one arm on a fixed base, as robosuite's ``OSC_POSE`` does it.

    `controller` is robosuite's `OperationalSpaceController`: fixed impedance, no interpolation, goals in the world.
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

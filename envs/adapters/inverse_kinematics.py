"""Joint angles that bring a gripper a step further."""

from collections.abc import Sequence

import mujoco
import numpy as np

DAMPING = 0.03
ITERATIONS = 8


class DifferentialIK:
    """Damped least squares from where the arm is to a pose near by, of a site, with the arm's hinge joints (by name).

    dq = J^T (J J^T + d^2 I)^-1 e (Wampler 1986, "Manipulator inverse kinematic solutions based on vector formulations
    and damped least-squares methods"), repeated.
    """

    def __init__(self, model: mujoco.MjModel, site: str, joints: Sequence[str]) -> None:
        self._model, self._scratch = model, mujoco.MjData(model)
        self._site = model.site(site).id
        self._positions = np.array([model.joint(name).qposadr[0] for name in joints])
        self._velocities = np.array([model.joint(name).dofadr[0] for name in joints])
        self._ranges = np.array([model.joint(name).range for name in joints])

    def joints_for(self, data: mujoco.MjData, translation_m: np.ndarray, rotation_rad: np.ndarray) -> np.ndarray:
        """Return joint angles `(n,)` rad, within the joints' ranges, for a pose relative to the site's pose in `data`.

        Translation `(3,)` m and rotation `(3,)` (axis times angle, rad) are in the world frame.
        """
        position_m = data.site_xpos[self._site] + translation_m
        rotation = _rotation(rotation_rad) @ data.site_xmat[self._site].reshape(3, 3)
        self._scratch.qpos[:] = data.qpos
        for _ in range(ITERATIONS):
            joints = self._scratch.qpos[self._positions] + self._correction(position_m, rotation)
            self._scratch.qpos[self._positions] = np.clip(joints, *self._ranges.T)
        return self._scratch.qpos[self._positions].copy()

    def _correction(self, position_m: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """One step of damped least squares, `(n,)` rad."""
        scratch = self._scratch
        mujoco.mj_kinematics(self._model, scratch)
        mujoco.mj_comPos(self._model, scratch)
        jacobian = np.zeros((6, self._model.nv))
        mujoco.mj_jacSite(self._model, scratch, jacobian[:3], jacobian[3:], self._site)
        jacobian = jacobian[:, self._velocities]
        quaternion, turn = np.zeros(4), np.zeros(3)
        left = rotation @ scratch.site_xmat[self._site].reshape(3, 3).T
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(left).reshape(9))
        mujoco.mju_quat2Vel(turn, quaternion, 1.0)
        error = np.concatenate([position_m - scratch.site_xpos[self._site], turn])
        return jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + DAMPING**2 * np.eye(6), error)


def _rotation(rotation_rad: np.ndarray) -> np.ndarray:
    """Return the rotation matrix of axis times angle."""
    angle = float(np.linalg.norm(rotation_rad))
    quaternion, matrix = np.zeros(4), np.zeros(9)
    axis = rotation_rad / angle if angle > 1e-12 else np.array([1.0, 0.0, 0.0])
    mujoco.mju_axisAngle2Quat(quaternion, axis, angle)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)

"""The two hands inside a MuJoCo model: mocap bodies for the bones and one skin over each set of bones."""

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from ..rotations import to_quaternion
from .kinematics import BONES, HandShape, HandState
from .skin_mesh import skin_mesh

SIDES = ("left", "right")
_PARKED = (0.0, 0.0, -3.0)


def skin_name(side: str) -> str:
    """Name of the skin, and of its material, of the hand of one side."""
    return f"human_{side}"


def add_hands(spec: mujoco.MjSpec) -> None:
    """Add both hands (mocap bones and skins) to a model that is still to be compiled."""
    mesh = skin_mesh()
    vertex_ids = [np.flatnonzero(mesh.weights[:, bone] > 1e-3) for bone in range(len(BONES))]
    for side in SIDES:
        mirror = np.array([1.0, -1.0 if side == "left" else 1.0, 1.0])
        rest = mesh.rest.mirrored() if side == "left" else mesh.rest
        material = spec.add_material(name=skin_name(side))
        material.specular, material.shininess = 0.15, 0.25
        names = [f"human_{side}_{bone}" for bone in BONES]
        for name in names:
            spec.worldbody.add_body(name=name, mocap=True, pos=_PARKED)
        spec.add_skin(
            name=skin_name(side),
            material=skin_name(side),
            group=SIDES.index(side),
            vert=(mesh.vertices * mirror).ravel().tolist(),
            face=(mesh.faces[:, ::-1] if side == "left" else mesh.faces).ravel().tolist(),
            bodyname=names,
            bindpos=rest.bone_positions.ravel().tolist(),
            bindquat=to_quaternion(rest.bone_rotations).ravel().tolist(),
            vertid=[ids.tolist() for ids in vertex_ids],
            vertweight=[mesh.weights[ids, bone].tolist() for bone, ids in enumerate(vertex_ids)],
        )


class HandAvatar:
    """Writes shape, skin colour and pose of one hand into a model (compiled after `add_hands`) and its data."""

    def __init__(self, model: mujoco.MjModel, side: str) -> None:
        self.side = side
        self.skin_id = int(mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SKIN, skin_name(side)))
        self._model = model
        self._material = int(model.material(skin_name(side)).id)
        self._mocap = np.array([int(model.body(f"human_{side}_{bone}").mocapid[0]) for bone in BONES])
        first = int(model.skin_vertadr[self.skin_id])
        self._vertices = slice(first, first + int(model.skin_vertnum[self.skin_id]))
        first = int(model.skin_boneadr[self.skin_id])
        self._bones = slice(first, first + len(BONES))

    def dress(self, shape: HandShape, skin_rgb: ArrayLike) -> None:
        """Give the hand its proportions and its skin colour (three numbers in [0, 1], sRGB)."""
        vertices, rest = skin_mesh().reshaped(shape)
        mirror = np.array([1.0, -1.0 if self.side == "left" else 1.0, 1.0])
        self._model.skin_vert[self._vertices] = vertices * mirror
        self._model.skin_bonebindpos[self._bones] = rest.bone_positions * mirror
        self._model.mat_rgba[self._material, :3] = np.asarray(skin_rgb, float)

    def pose(self, data: mujoco.MjData, state: HandState | None) -> None:
        """Move the bones to a hand posed in the world, or out of the way where it is None."""
        if state is None:
            data.mocap_pos[self._mocap] = _PARKED
            data.mocap_quat[self._mocap] = (1.0, 0.0, 0.0, 0.0)
        else:
            data.mocap_pos[self._mocap] = state.bone_positions
            data.mocap_quat[self._mocap] = to_quaternion(state.bone_rotations)

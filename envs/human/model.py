"""The kitchen's model with both hands, and what its images show."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from ..kitchen.simulation import KitchenSimulation
from ..kitchen.state import CARROT_SEGMENTS
from .clip import FIRST_OBJECT
from .hand.avatar import add_hands
from .rotations import Array


def compile_model() -> tuple[mujoco.MjModel, Array]:
    """The kitchen's model with the hands added, and the joint positions after the environment's reset."""
    simulation = KitchenSimulation()
    simulation.reset()
    plain = simulation.sim.model._model
    qpos = simulation.sim.data._data.qpos.copy()
    spec = mujoco.MjSpec.from_string(simulation.edit_model_xml(simulation.model.get_xml()))
    add_hands(spec)
    model = spec.compile()
    model.stat.extent, model.stat.center[:] = plain.stat.extent, plain.stat.center
    model.stat.meansize, model.stat.meanmass = plain.stat.meansize, plain.stat.meanmass
    simulation.close()
    return model, qpos


def robot_geoms(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Ids of the robot's geoms."""
    prefixes = ("robot", "gripper", "mount", "fixed_mount", "base")
    bodies = [b for b in range(model.nbody) if model.body(b).name.startswith(prefixes)]
    return np.flatnonzero(np.isin(model.geom_bodyid, bodies))


def label_table(model: mujoco.MjModel, moved: Sequence[str]) -> NDArray[np.uint8]:
    """Label of every geom in clips that show how the `moved` objects are moved, uint8 (geoms,)."""
    table = np.zeros(model.ngeom, np.uint8)
    for index, name in enumerate(moved):
        names = [f"carrot_{i}" for i in range(CARROT_SEGMENTS)] if name == "carrot" else [name]
        bodies = [model.body(body).id for body in names]
        table[np.isin(model.geom_bodyid, bodies)] = FIRST_OBJECT + index
    return table


def visible_fraction(points: Array, mask: NDArray[np.bool_]) -> float:
    """Fraction of the joints (21, 2) within one pixel of the hand's mask."""
    height, width = mask.shape
    near = binary_dilation(mask, np.ones((3, 3)))
    columns, rows = np.floor(points[:, 0] * width).astype(int), np.floor(points[:, 1] * height).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    shown = near[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return float((inside & shown).mean())

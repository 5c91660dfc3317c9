"""Cutting: a blade pressed through the joint between two of the carrot's segments parts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .scene.arena import CARROT_PITCH_M
from .state import CARROT_SEGMENTS

if TYPE_CHECKING:
    import mujoco

_WEDGE_SPEED_M_S = 0.12


def joints_under_blade(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Tell which of the carrot's joints the knife's blade is pressed through.

    A joint is cut when the blade's plane passes the joint within half a segment, along the carrot, the blade is over
    the carrot's axis, and its edge is below that axis.

    Args:
        model: A model with the kitchen.
        data: Its data, with up-to-date kinematics.

    Returns:
        bool `(4,)`.
    """
    blade = data.geom("knife_blade")
    half_length, _, half_height = model.geom("knife_blade").size
    rotation = blade.xmat.reshape(3, 3)
    cut = np.zeros(CARROT_SEGMENTS - 1, dtype=bool)
    for i in range(CARROT_SEGMENTS - 1):
        joint = (data.body(f"carrot_{i}").xpos + data.body(f"carrot_{i + 1}").xpos) / 2
        along, across, up = rotation.T @ (joint - blade.xpos)
        cut[i] = abs(along) <= half_length and abs(across) <= CARROT_PITCH_M / 2 and -half_height <= up <= half_height
    return cut


def part_carrot(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Switch off the welds under the blade, and let the blade's wedge drive the two sides a little apart."""
    for i in np.flatnonzero(joints_under_blade(model, data)):
        weld = model.equality(f"carrot_weld_{i}").id
        if not data.eq_active[weld]:
            continue
        data.eq_active[weld] = 0
        for segment in range(CARROT_SEGMENTS):
            axis = data.body(f"carrot_{segment}").xmat.reshape(3, 3)[:, 1]
            sign = 1.0 if segment > i else -1.0
            data.joint(f"carrot_{segment}_joint").qvel[:3] += sign * _WEDGE_SPEED_M_S * axis * [1, 1, 0]

"""Wiping: a spot of the stain goes when the sponge's underside passes over its centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .state import STAIN_SPOTS

if TYPE_CHECKING:
    import mujoco

_TOUCH_M = 0.006


def wipe_stains(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Make the spots under the sponge vanish, where its underside is within 6 mm of the counter.

    Args:
        model: A model with the kitchen; the spots' transparency is written.
        data: Its data, with up-to-date kinematics.
    """
    sponge = data.geom("sponge_foam")
    rotation = sponge.xmat.reshape(3, 3)
    half = model.geom("sponge_foam").size
    lowest = sponge.xpos[2] - np.abs(rotation[2]) @ half
    if lowest > _TOUCH_M:
        return
    for i in range(STAIN_SPOTS):
        local = rotation.T @ (data.body(f"stain_{i}").xpos - sponge.xpos)
        if abs(local[0]) <= half[0] and abs(local[1]) <= half[1]:
            model.geom(f"stain_{i}").rgba[3] = 0.0

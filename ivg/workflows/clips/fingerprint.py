"""A fingerprint of what the kitchen's clips show: caches of rendered scenes are kept under it.

It is computed from the compiled scene (shapes, colours, textures, lights, cameras) and from the hands and objects of a
fixed clip of every task, not from source files: a refactoring that changes no clip changes no fingerprint. Pixels are
left out, for they differ between graphics drivers.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...envs.human import HumanDemonstrator
from ...envs.human.acts import choreograph
from ...envs.kitchen.tasks import TASKS

SCENES_VERSION = 1  # raise this when clips change in what the fingerprint does not see, such as the renderer's options
SEEDS = (0, 1_000_003)  # of the fixed clips
FRAMES = (0.0, 6.0, 11.0, 15.0)  # times of them that are looked at

_VISUAL = (
    *("geom_pos", "geom_quat", "geom_size", "geom_rgba", "geom_matid", "mat_rgba", "mat_texid", "mat_texrepeat"),
    *("tex_data", "mesh_vert", "skin_vert", "cam_pos", "cam_quat", "cam_fovy"),
)
_OF_A_SCENE = ("geom_rgba", "mat_rgba", "light_pos", "light_dir", "light_diffuse", "light_ambient")


@functools.cache
def scenes_fingerprint() -> str:
    """Return eight hex digits that change when the clips of the kitchen do; computed once a process (about 2 s)."""
    demonstrator = HumanDemonstrator(size=32)
    try:
        return fingerprint_of(demonstrator)
    finally:
        demonstrator.close()


def fingerprint_of(demonstrator: HumanDemonstrator) -> str:
    """Return the fingerprint of what a demonstrator renders that has rendered nothing yet."""
    digest = hashlib.sha256(str(SCENES_VERSION).encode())
    demonstrator.stage(next(iter(TASKS)), SEEDS[0])  # scenes change the model: always hash it in the same one
    for name in _VISUAL:
        digest.update(_rounded(getattr(demonstrator.model, name)))
    for task in TASKS:
        for seed in SEEDS:
            stage = demonstrator.stage(task, seed)
            plan = choreograph(task, stage)
            for name in _OF_A_SCENE:
                digest.update(_rounded(getattr(demonstrator.model, name)))
            digest.update(f"{task} {seed} {stage.style.side}".encode() + _rounded(stage.style.skin_rgb))
            for time in FRAMES:
                states = demonstrator.pose(plan, time)
                digest.update(_rounded(demonstrator.data.geom_xpos))
                for side, state in states.items():
                    digest.update(side.encode() + _rounded(state.joints))
    return digest.hexdigest()[:8]


def _rounded(values: NDArray[Any]) -> bytes:
    """Return an array's bytes; of floats in steps of 1e-5, so that the last bits of processors do not count."""
    if values.dtype.kind == "f":
        return np.round(np.nan_to_num(values) * 1e5).astype(np.int64).tobytes()
    return values.tobytes()

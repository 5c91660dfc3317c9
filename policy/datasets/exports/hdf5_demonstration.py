"""The whole demonstration and the facts of an episode in an HDF5 group, beside what a host library reads there.

=====================================  =======  ====================  =====================================
name                                   dtype    shape                 content
=====================================  =======  ====================  =====================================
``demonstration/demo_keypoints``       float32  (t, 2, 21, 2)         hand joints
``demonstration/demo_present``         float32  (t, 2)                1 where the hand is there
``demonstration/demo_path``            float32  (t, 8)                gripper path
``demonstration/demo_plan``            float32  (32, 8)               the same of a robot's gripper
``demonstration/demo_clip``            uint8    (t, h, w, 3)          frames
=====================================  =======  ====================  =====================================

Attributes of the group: ``task``, ``text``, ``seed``, ``success``, ``fps``, ``demo_fps``, ``provenance`` (JSON).
"""

from __future__ import annotations

import json
from typing import Any

from numpy.typing import NDArray

from ..episodes import RobotEpisode

GROUP = "demonstration"

_ARRAYS = ("demo_keypoints", "demo_present", "demo_path", "demo_plan", "demo_clip")
_FACTS = {"task": str, "text": str, "seed": int, "success": bool, "fps": float, "demo_fps": float}


def write_demonstration(parent: Any, episode: RobotEpisode) -> None:
    """Write an episode's demonstration into a group of its own in an h5py group."""
    group = parent.create_group(GROUP)
    for name in _ARRAYS:
        write_packed(group, name, getattr(episode, name))
    for name in _FACTS:
        group.attrs[name] = getattr(episode, name)
    group.attrs["provenance"] = json.dumps(episode.provenance, sort_keys=True, ensure_ascii=False)


def read_demonstration(parent: Any) -> dict[str, Any]:
    """Read what `write_demonstration` wrote, as arguments of a `RobotEpisode`."""
    group = parent[GROUP]
    arguments = {name: group[name][()] for name in _ARRAYS}
    arguments |= {name: kind(group.attrs[name]) for name, kind in _FACTS.items()}
    return {**arguments, "provenance": json.loads(group.attrs["provenance"])}


def write_packed(group: Any, name: str, values: NDArray[Any]) -> None:
    """Write an array packed without loss, pictures one a chunk, so that a step is read alone."""
    chunks = (1, *values.shape[1:]) if values.ndim == 4 else True
    group.create_dataset(name, data=values, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True)

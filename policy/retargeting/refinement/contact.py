"""Moves a lifted hand onto what it touches in the scene.

A generated hand misses an object by a centimetre or two; the context's depth image shows where the object is. The hand
is moved as a whole from where it closes to the nearest good grasp, and rotated to close along that grasp.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.types import Camera

from ..interaction import Interaction, InteractionType, interaction_of
from .grasp_search import WORST, Grasp, find_grasp
from .height_map import Array, HeightMap, height_map

AHEAD_M = 0.05  # a pushed object has to stand no farther ahead of the finger tips
OVERLAP_M = 0.008  # how far pushing finger tips have to be below the top of the object, and above the ground
HOOK_M, HOOKED = 0.03, 3.0  # how near an object is that a hand hooks without closing round it; the least cost of that
TIPS_BELOW_M, TIPS_DEEPEST_M = 0.008, 0.03  # how far below an object's top the pinch point of a hand may hold it
_STANDS_M, _BELOW_M, _NEAR_M, _STEP_M = 0.008, 0.03, 0.015, 0.003


@dataclass(frozen=True, eq=False)
class Contact:
    """A hand's contact with the scene.

    `deeper_m` is how much deeper than the hand's pinch point a gripper grasps the object (negative: higher), for
    `ivg.policy.control.plan_gripper`; None if there is nothing to grasp.
    """

    joints_world_m: NDArray[np.float32]  # (t, 21, 3), the hand, moved if there is something to touch
    interaction_type: InteractionType
    offset_m: Array  # (3,), by how much it was moved
    turn_rad: float  # by how much it was rotated about the vertical through its pinch point
    cost: float  # quality of the contact, 0 (best) to `WORST` (none); compares hands of one scene
    deeper_m: float | None = None

    @property
    def found(self) -> bool:
        """Whether there is an object to touch."""
        return self.cost < WORST

    @property
    def as_json(self) -> dict[str, object]:
        """Return what provenance keeps of it, as JSON values."""
        return {
            "manner": self.interaction_type,
            "offset_m": [round(float(value), 4) for value in self.offset_m],
            "turn_rad": round(self.turn_rad, 4),
            "cost": round(self.cost, 3),
            "deeper_m": None if self.deeper_m is None else round(self.deeper_m, 4),
        }


def refine_contact(joints_world_m: NDArray[np.floating], depth_m: NDArray[np.floating], camera: Camera) -> Contact:
    """Move a hand onto what it touches.

    A hand that grasps is moved and rotated, one that drags is moved. A hand that grasps keeps its height, if it can
    hold the object there; how much deeper or higher two straight fingers hold it is `Contact.deeper_m`. A hand that
    pushes is lowered if it would pass over the object. Joints are float (t, 21, 3), m, world frame with z up, NaN where
    the hand is absent; the depth of the scene without hands is float (h, w), m along the optical axis. Other shapes, or
    joints of no hand, are an `InputError`.
    """
    found, yaw = interaction_of(joints_world_m)
    joints = np.asarray(joints_world_m, np.float32)
    point, closing = found.tool_world_m[found.first], float(yaw[found.first])
    heights = height_map(depth_m, camera, point)
    if found.interaction_type == "push":
        return _pushed(joints, found, heights)
    grasps = found.interaction_type == "grasp"
    wanted = found.lowered().tool_world_m[found.first] if grasps else point
    grasp = find_grasp(heights, wanted, closing, turn=grasps)
    if grasp is None:
        return Contact(joints, found.interaction_type, np.zeros(3), 0.0, WORST if grasps else _hooked(found, heights))
    return _moved(joints, found, grasp, closing)


def _moved(joints: NDArray[np.float32], found: Interaction, grasp: Grasp, closing: float) -> Contact:
    """Move and rotate the hand of every frame, each about its own pinch point."""
    point, target, deeper = found.tool_world_m[found.first], grasp.pos_world_m, None
    if found.interaction_type == "grasp":
        height = float(np.clip(point[2], grasp.top_m - TIPS_DEEPEST_M, grasp.top_m - TIPS_BELOW_M))
        target, deeper = np.array([*target[:2], height]), height - float(target[2])
    offset, turn = target - point, grasp.yaw_rad - closing
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    pinch = 0.5 * (joints[:, 4:5] + joints[:, 8:9])
    moved = (joints - pinch) @ rotation.T + pinch + offset
    return Contact(moved.astype(np.float32), found.interaction_type, offset, float(turn), grasp.cost, deeper)


def _hooked(found: Interaction, heights: HeightMap) -> float:
    """Return the cost of a drag that can only hook a nearby object, not close round it."""
    start = found.tool_world_m[found.first]
    steps = np.arange(-HOOK_M, HOOK_M + 1e-9, _STEP_M)
    near = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    seen = np.nan_to_num(heights.at(start[:2] + near), nan=-np.inf)
    stands = np.linalg.norm(near, axis=1)[seen > max(heights.ground_m + _STANDS_M, float(start[2]) - OVERLAP_M)]
    return min(HOOKED + float((stands.min(initial=np.inf) / _NEAR_M) ** 2), WORST)


def _pushed(joints: NDArray[np.float32], found: Interaction, heights: HeightMap) -> Contact:
    """Find the object ahead of the finger tips, or behind them; lower a hand that would pass over it."""
    start, ground = found.tool_world_m[found.first], heights.ground_m
    ahead = np.arange(-AHEAD_M, AHEAD_M + 1e-9, _STEP_M)
    seen = np.nan_to_num(heights.at(start[:2] + ahead[:, None] * found.direction), nan=-np.inf)
    stands = np.flatnonzero(seen > max(ground + _STANDS_M, float(start[2]) - _BELOW_M))
    if not stands.size:
        return Contact(joints, found.interaction_type, np.zeros(3), 0.0, WORST)
    first = int(stands[0])
    edge = float(seen[first : first + 4].max())
    down = np.array([0.0, 0.0, -max(float(start[2]) - max(edge - OVERLAP_M, ground + OVERLAP_M), 0.0)])
    cost = (float(ahead[first]) / _NEAR_M) ** 2 + (float(down[2]) / _NEAR_M) ** 2
    return Contact(joints + down.astype(np.float32), found.interaction_type, down, 0.0, min(cost, WORST))

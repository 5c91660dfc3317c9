"""From a hand's joints to a plan for a parallel gripper that comes from above."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import JOINTS, Camera

from ..retargeting import gripper_axes, gripper_trajectory
from .circle import rounded
from .grasp_view import GraspView, grasp_view
from .interaction import LIFTED_M, Interaction, find_interaction
from .plan import GripperPlan

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration

Array = NDArray[np.float64]

HOVER_M = 0.10
TRAVEL_M_S, CAREFUL_M_S = 0.5, 0.12
CLOSE_S, OPEN_S = 0.5, 0.4
TWIST_GAIN, MOST_TWIST_RAD = 3.5, 2.1
"""How much farther than the hand a thing turns that is twisted on the spot (fingers roll what they hold), and how far a
gripper turns it at most."""

DEEPER_M, LOWEST_M = 0.012, 0.012
"""A gripper's pads hold below the tips of a hand that pinches the same thing, but not below this height."""

LIFT_M, _OF_RISE = 0.035, 0.9
"""How far a gripper lifts a thing straight up if the hand lifts it so far, and of a lower lift how much."""

FOLLOW_THROUGH_M = 0.025
"""How much farther than the finger tips a gripper pushes."""

_TWIST_ONLY_M, _TWIST_RAD = 0.015, 0.3
_PER_FRAME = 4


@dataclass
class _Goals:
    """Goals while they are collected."""

    rows: list[tuple[Array, float, bool, float, float, float]] = field(default_factory=list)

    def add(
        self, pos: Array, yaw: float, closed: bool, phase: float, speed: float = CAREFUL_M_S, dwell: float = 0.0
    ) -> None:
        self.rows.append((np.asarray(pos, float), float(yaw), closed, speed, dwell, phase))

    def plan(self, touch: Interaction) -> GripperPlan:
        pos, yaw, closed, speed, dwell, phase = zip(*self.rows, strict=True)
        return GripperPlan(
            np.stack(pos),
            np.array(yaw),
            np.array(closed),
            np.array(speed),
            np.array(dwell),
            np.maximum.accumulate(np.clip(phase, 0.0, 1.0)),
            touch.interaction_type,
        )


def plan_gripper(
    joints_world_m: NDArray[np.floating],
    frame: NDArray[np.uint8] | None = None,
    camera: Camera | None = None,
    *,
    repeats: int = 2,
    deeper_m: float | None = None,
) -> GripperPlan:
    """Plan what a parallel gripper does in place of a hand.

    The gripper points down and closes along the hand's direction from thumb to index finger, seen from above. A hand
    that grasps is followed by a gripper that comes from above, closes where the hand closes, goes the hand's way and
    opens where it opens; if the context picture shows something long and thin where it closes, it closes across that,
    on its middle line (a hand can hold a handle in ways that two parallel fingers cannot). One that drags becomes a
    gripper that closes across the way, round what is dragged. One that pushes becomes a closed gripper. Where the clip
    ends before the hand lets go, its way is gone `repeats` times.

    Args:
        joints_world_m: Float (t, 21, 3), m, world frame with z up; NaN where the hand is absent.
        frame: uint8 (h, w, 3), RGB, the scene without hands; None plans by the hand alone.
        camera: What sees the frame.
        repeats: How often a way without an end is gone.
        deeper_m: How much lower than the hand's pinch point the gripper goes that grasps (`Contact.deeper_m` of
            `ivg.policy.retargeting.refinement`, which knows what stands there); None: `DEEPER_M`, but not below
            `LOWEST_M`.

    Raises:
        InputError: If the joints have another shape, no frame has a hand, a frame comes without a camera, `repeats`
            is not positive, or `deeper_m` is not finite.
    """
    if repeats < 1:
        raise InputError(f"repeats must be 1 or more, got {repeats}")
    if deeper_m is not None and not np.isfinite(deeper_m):
        raise InputError(f"deeper_m must be finite, got {deeper_m}")
    if (frame is None) != (camera is None):
        raise InputError("frame and camera must be given together")
    touch, yaw = interaction_of(joints_world_m)
    if touch.interaction_type == "grasp":
        if frame is not None and camera is not None:
            touch, yaw = _across(touch, yaw, grasp_view(frame, camera, touch.tool_world_m[touch.first]))
        touch = lowered(touch, deeper_m)
    return _push(touch, yaw, repeats) if touch.interaction_type == "push" else _hold(touch, yaw, repeats)


def plan_demonstration(extracted: ExtractedDemonstration, *, repeats: int = 2) -> GripperPlan:
    """Plan what a parallel gripper does in place of a demonstration's hand, as `plan_gripper` does.

    Where the hand was moved onto what it grasps (`ivg.policy.retargeting.refinement`), the plan goes by the hand alone.
    """
    joints = extracted.joints_world_m
    contact = extracted.contact
    if contact is not None and contact.found:
        return plan_gripper(joints, repeats=repeats, deeper_m=contact.deeper_m)
    return plan_gripper(joints, extracted.demonstration.clip[0], extracted.camera, repeats=repeats)


def interaction_of(joints_world_m: NDArray[np.floating]) -> tuple[Interaction, Array]:
    """Tell how a hand touches, and the angle (t,) of the closing direction of a gripper in its place.

    Args:
        joints_world_m: As `plan_gripper` takes them.

    Raises:
        InputError: If the joints have another shape, or no frame has a hand.
    """
    joints = np.asarray(joints_world_m, np.float64)
    if joints.ndim != 3 or joints.shape[1:] != (JOINTS, 3) or len(joints) < 2:
        raise InputError(f"joints_world_m must have shape (t, {JOINTS}, 3) with t > 1, got {joints.shape}")
    path = gripper_trajectory(joints)
    joints = _filled(joints, path.present)
    touch = find_interaction(joints, path)
    yaw = _yaws(joints, touch)
    if touch.interaction_type == "grasp" and _twists(joints, touch):
        stays = np.broadcast_to(touch.tool_world_m[touch.first], touch.tool_world_m.shape)
        touch = replace(touch, tool_world_m=stays)
    elif touch.interaction_type == "grasp" and touch.held_on:
        touch = replace(touch, tool_world_m=rounded(touch))
    return touch, yaw


def _across(touch: Interaction, yaw: Array, view: GraspView | None) -> tuple[Interaction, Array]:
    """Close across a long thin thing, and move onto its middle line."""
    if view is None:
        return touch, yaw
    turned = yaw - yaw[touch.first] + view.across_rad
    return replace(touch, tool_world_m=touch.tool_world_m + [*view.offset_m, 0.0]), turned


def lowered(touch: Interaction, deeper_m: float | None = None) -> Interaction:
    """Return a touch whose whole way is lower, so that a gripper holds a thing deeper than finger tips do."""
    if deeper_m is None:
        deeper_m = float(np.clip(touch.tool_world_m[touch.first, 2] - LOWEST_M, 0.0, DEEPER_M))
    return replace(touch, tool_world_m=touch.tool_world_m - [0.0, 0.0, deeper_m])


def _hold(touch: Interaction, yaw: Array, repeats: int) -> GripperPlan:
    """Come from above, close, go the way, open, go up."""
    goals, frames = _Goals(), len(touch.tool_world_m)
    start, up = touch.tool_world_m[touch.first], np.array([0.0, 0.0, HOVER_M])
    began = touch.first / (frames - 1)
    goals.add(start + up, yaw[touch.first], False, 0.5 * began, TRAVEL_M_S)
    goals.add(start, yaw[touch.first], False, began, 0.25, 0.1)
    goals.add(start, yaw[touch.first], True, began, dwell=CLOSE_S)
    _follow(goals, touch, yaw, repeats)
    end = goals.rows[-1]
    if not touch.held_on:
        goals.add(end[0], end[1], False, end[5], dwell=OPEN_S)
        goals.add(end[0] + up, end[1], False, 1.0, 0.25)
    return goals.plan(touch)


def _push(touch: Interaction, yaw: Array, repeats: int) -> GripperPlan:
    """Come down in front of the thing with closed fingers, go the way, go up."""
    goals, frames = _Goals(), len(touch.tool_world_m)
    back = np.array([*(-0.035 * touch.direction), 0.0])
    start, up = touch.tool_world_m[touch.first] + back, np.array([0.0, 0.0, HOVER_M])
    began = touch.first / (frames - 1)
    goals.add(start + up, yaw[touch.first], True, 0.5 * began, TRAVEL_M_S)
    goals.add(start, yaw[touch.first], True, began, 0.25)
    _follow(goals, touch, yaw, repeats)
    end = goals.rows[-1]
    beyond = end[0] + [*(FOLLOW_THROUGH_M * touch.direction), 0.0]
    goals.add(beyond, end[1], True, end[5])
    goals.add(beyond + up, end[1], True, 1.0, 0.25)
    return goals.plan(touch)


def _follow(goals: _Goals, touch: Interaction, yaw: Array, repeats: int) -> None:
    """Add the hand's way from the touch to its end, on a smooth curve through the frames."""
    from scipy.interpolate import CubicSpline

    frames = len(touch.tool_world_m)
    known = np.arange(touch.first, touch.last + 1)
    if len(known) < 2:
        return
    places = touch.tool_world_m[known]
    up = _straight_up(places) if touch.interaction_type == "grasp" else 0.0
    if up:
        goals.add(places[0] + [0.0, 0.0, up], yaw[touch.first], True, goals.rows[-1][5])
    way, turn = CubicSpline(known, places), CubicSpline(known, yaw[known])
    times = np.linspace(known[0], known[-1], _PER_FRAME * (len(known) - 1) + 1)[1:]
    for count in range(repeats if touch.held_on else 1):
        for time in times:
            phase = (time if count == 0 else frames - 1) / (frames - 1)
            place = way(time)
            if up:
                place[2] = max(place[2], places[0, 2] + up)
                up = up if place[2] == places[0, 2] + up else 0.0
            goals.add(place, float(turn(time)), True, phase)


def _straight_up(places: Array) -> float:
    """Return how far what is held is raised before it goes aside, so that it comes free of what it lies in."""
    rise = float(places[:, 2].max() - places[0, 2])
    return min(LIFT_M, _OF_RISE * rise) if rise > LIFTED_M else 0.0


def _yaws(joints: Array, touch: Interaction) -> Array:
    """Return the angle (t,) of the gripper's closing direction, continuous."""
    axes = gripper_axes(joints)
    hand = np.arctan2(axes[:, 1, 1], axes[:, 0, 1])
    hand = np.unwrap(hand, period=np.pi)
    if touch.interaction_type == "drag":
        yaw = np.full(len(joints), np.arctan2(touch.direction[1], touch.direction[0]))
    elif touch.interaction_type == "push":
        yaw = np.full(len(joints), np.arctan2(touch.direction[1], touch.direction[0]) + 0.5 * np.pi)
    else:
        turn = np.zeros(
            len(joints)
        )  # what is carried stays as it lies: a hand that swings round rolls it in its fingers
        if _twists(joints, touch):
            turn = np.clip(TWIST_GAIN * _turn(joints, touch.first), -MOST_TWIST_RAD, MOST_TWIST_RAD)
        yaw = hand[touch.first] + turn
    return np.asarray(yaw)


def _twists(joints: Array, touch: Interaction) -> bool:
    """Whether a hand turns what it holds, and does not move it from the spot."""
    held = touch.tool_world_m[touch.first : touch.last + 1]
    spread = np.linalg.norm(held - np.median(held, axis=0), axis=1)
    turn = _turn(joints, touch.first)[touch.first : touch.last + 1]
    return bool(np.median(spread) < _TWIST_ONLY_M and np.abs(turn).max() > _TWIST_RAD)


def _turn(joints: Array, first: int) -> Array:
    """Return how far a hand (t, 21, 3) has turned since a frame, seen from above: the best rotation of its joints."""
    flat = joints[..., :2] - joints[..., :2].mean(1, keepdims=True)
    start = flat[first]
    across = (start[:, 0] * flat[..., 1] - start[:, 1] * flat[..., 0]).sum(1)
    turn = np.unwrap(np.arctan2(across, (start * flat).sum((1, 2))))
    return np.asarray(turn - turn[first])


def _filled(joints: Array, present: NDArray[np.bool_]) -> Array:
    """Put absent frames of joints (t, 21, 3) on the straight line between their neighbours."""
    known, frames = np.flatnonzero(present), np.arange(len(joints))
    flat = joints.reshape(len(joints), -1)
    columns = [np.interp(frames, known, flat[known, column]) for column in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(joints.shape)

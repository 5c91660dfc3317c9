"""From a hand's joints to a plan for a parallel gripper that comes from above: goal poses in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import Camera

from ..retargeting.grasp_view import grasp_view
from ..retargeting.gripper import Array
from ..retargeting.interaction import LIFTED_M, Interaction, InteractionType, interaction_of

if TYPE_CHECKING:
    from ..extraction import ExtractedDemonstration

OPENING_M = 0.1  # distance that a closing or opening of the gripper counts as
HOVER_M = 0.10
TRAVEL_M_S, CAREFUL_M_S, APPROACH_M_S = 0.5, 0.12, 0.25
CLOSE_S, OPEN_S = 0.5, 0.4
LIFT_M, _OF_RISE = 0.035, 0.9  # an object is first lifted straight up so far, or by this fraction of a lower lift
BEHIND_M, FOLLOW_THROUGH_M = 0.035, 0.025  # a push begins so far behind the finger tips, and ends so far beyond
_PER_FRAME = 4


@dataclass(frozen=True, eq=False)
class GripperPlan:
    """A sequence of n goals for a gripper that points straight down."""

    pos_world_m: Array  # (n, 3), where the point between the finger tips goes
    yaw_rad: Array  # (n,), angle of the closing direction about the world's z; 0 closes along x; continuous
    closed: NDArray[np.bool_]  # (n,), whether the gripper is closed while it moves to the goal and there
    speed_m_s: Array  # (n,), towards the goal
    dwell_s: Array  # (n,), how long to stay at the goal, for the fingers to close or open
    phase: Array  # (n,) in [0, 1], the moment of the demonstration the goal belongs to; does not fall
    interaction_type: InteractionType

    def __post_init__(self) -> None:
        goals, rows = len(self.pos_world_m), ("yaw_rad", "closed", "speed_m_s", "dwell_s", "phase")
        if self.pos_world_m.shape != (goals, 3) or goals == 0:
            raise InputError(f"pos_world_m must have shape (n, 3) with n > 0, got {self.pos_world_m.shape}")
        for name in rows:
            if getattr(self, name).shape != (goals,):
                raise InputError(f"{name} must have shape ({goals},), got {getattr(self, name).shape}")
        if not all(np.isfinite(getattr(self, name)).all() for name in ("pos_world_m", *rows)):
            raise InputError("a gripper plan must hold finite numbers only")
        if (self.speed_m_s <= 0).any():
            raise InputError(f"speed_m_s must be positive, got {self.speed_m_s.min()}")

    @property
    def fraction_done(self) -> Array:
        """float64 (n,) in [0, 1]: length of the plan up to each goal; a closing or opening counts `OPENING_M`."""
        points = np.column_stack([self.pos_world_m, OPENING_M * ~self.closed])
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        return np.asarray(length / max(length[-1], 1e-9))

    def __len__(self) -> int:
        return len(self.pos_world_m)


class _Goals:
    """Collects the goals of a plan for an interaction, with the closing direction `yaw` (t,) of the gripper."""

    def __init__(self, found: Interaction, yaw: Array) -> None:
        self.found, self.yaw, self.frames = found, yaw, len(found.tool_world_m)
        self.rows: list[tuple[Array, float, bool, float, float, float]] = []

    def add(
        self, pos: Array, yaw: float, closed: bool, phase: float, speed: float = CAREFUL_M_S, dwell: float = 0.0
    ) -> None:
        self.rows.append((np.asarray(pos, float), float(yaw), closed, speed, dwell, phase))

    def follow(self, repeats: int) -> None:
        """Add the hand's trajectory during contact, on a smooth curve through the frames."""
        from scipy.interpolate import CubicSpline

        found = self.found
        known = np.arange(found.first, found.last + 1)
        if len(known) < 2:
            return
        points = found.tool_world_m[known]
        rise = float(points[:, 2].max() - points[0, 2])
        # What is held rises before it moves aside, so that it comes free of what it lies in.
        up = min(LIFT_M, _OF_RISE * rise) if found.interaction_type == "grasp" and rise > LIFTED_M else 0.0
        if up:
            self.add(points[0] + [0.0, 0.0, up], self.yaw[found.first], True, self.rows[-1][5])
        position, angle = CubicSpline(known, points), CubicSpline(known, self.yaw[known])
        times = np.linspace(known[0], known[-1], _PER_FRAME * (len(known) - 1) + 1)[1:]
        for count in range(repeats if found.held_on else 1):
            for time in times:
                phase = (time if count == 0 else self.frames - 1) / (self.frames - 1)
                point = position(time)
                if up:
                    point[2] = max(point[2], points[0, 2] + up)
                    up = up if point[2] == points[0, 2] + up else 0.0
                self.add(point, float(angle(time)), True, phase)

    def plan(self) -> GripperPlan:
        pos, yaw, closed, speed, dwell, phase = map(np.array, zip(*self.rows, strict=True))
        phase = np.maximum.accumulate(np.clip(phase, 0.0, 1.0))
        return GripperPlan(pos, yaw, closed, speed, dwell, phase, self.found.interaction_type)


def plan_gripper(
    joints_world_m: NDArray[np.floating],
    frame: NDArray[np.uint8] | None = None,
    camera: Camera | None = None,
    *,
    repeats: int = 2,
    deeper_m: float | None = None,
) -> GripperPlan:
    """Plan what a parallel gripper does in place of a hand.

    The gripper points down and closes along the hand's direction from thumb to index finger, seen from above. For a
    grasp it comes from above, closes where the hand closes, follows the hand's trajectory and opens where the hand
    opens; if the context image shows something long and thin there, it closes across that, on its middle line. For a
    drag it closes across the direction of motion, round the object. For a push it stays closed. Where the clip ends
    before the hand lets go, the trajectory is executed `repeats` times.

    Joints are float (t, 21, 3), m, world frame with z up, NaN where the hand is absent; the frame is uint8 (h, w, 3),
    RGB, the scene without hands. `deeper_m` is how much lower than the hand's pinch point a gripper grasps
    (`Contact.deeper_m`); if None, `DEEPER_M`, but not below `LOWEST_M` (`ivg.policy.retargeting.interaction`).

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
    found, yaw = interaction_of(joints_world_m)
    if found.interaction_type == "grasp":
        start = found.tool_world_m[found.first]
        view = None if frame is None or camera is None else grasp_view(frame, camera, start)
        if view is not None:
            yaw = yaw - yaw[found.first] + view.across_rad
            found = replace(found, tool_world_m=found.tool_world_m + [*view.offset_m, 0.0])
        found = found.lowered(deeper_m)
    return _planned(found, yaw, repeats)


def plan_demonstration(extracted: ExtractedDemonstration, *, repeats: int = 2) -> GripperPlan:
    """Plan what a parallel gripper does in place of a demonstration's hand, as `plan_gripper` does.

    Where the hand was moved onto an object (`ivg.policy.retargeting.refinement`), the context image is not used.
    """
    joints, contact = extracted.joints_world_m, extracted.contact
    if contact is not None and contact.found:
        return plan_gripper(joints, repeats=repeats, deeper_m=contact.deeper_m)
    return plan_gripper(joints, extracted.demonstration.clip[0], extracted.camera, repeats=repeats)


def _planned(found: Interaction, yaw: Array, repeats: int) -> GripperPlan:
    """Come from above, close, follow the hand, open, rise; to push, come down behind the object with closed fingers."""
    goals, first, up = _Goals(found, yaw), found.first, np.array([0.0, 0.0, HOVER_M])
    pushes, ahead = found.interaction_type == "push", np.array([*found.direction, 0.0])
    start, angle, began = found.tool_world_m[first], yaw[first], first / (goals.frames - 1)
    if pushes:
        start = start - BEHIND_M * ahead
    goals.add(start + up, angle, pushes, 0.5 * began, TRAVEL_M_S)
    goals.add(start, angle, pushes, began, APPROACH_M_S, 0.0 if pushes else 0.1)
    if not pushes:
        goals.add(start, angle, True, began, dwell=CLOSE_S)
    goals.follow(repeats)
    end, angle, *_, phase = goals.rows[-1]
    if pushes:
        end = end + FOLLOW_THROUGH_M * ahead
        goals.add(end, angle, True, phase)
    elif not found.held_on:
        goals.add(end, angle, False, phase, dwell=OPEN_S)
    if pushes or not found.held_on:
        goals.add(end + up, angle, pushes, 1.0, APPROACH_M_S)
    return goals.plan()

"""When and how a hand moves an object, read from its joints alone: grasps and carries, twists, stirs, drags, pushes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import JOINTS

from .gripper import Array, GripperTrajectory, gripper_axes, gripper_trajectory

# How a hand moves an object: holds it, hooks or rests on it and takes it along, or pushes it away.
InteractionType = Literal["grasp", "drag", "push"]

PINCHED = 0.45  # a hand that has closed to less than this opening holds something thin
LIFTED_M = 0.02  # an object that rises by this much must be held
CLOSING = 0.35  # where the opening falls by this much, contact begins with the closing; else where the reach ends
DEEPER_M, LOWEST_M = 0.012, 0.012  # a gripper's pads hold below the tips of a hand, but not below this height
_ALIKE, _ALIKE_FRACTION = 0.05, 0.2
_LEVELS_APART, _WIDER, _AWAY_M, _LEAVING, _CLEARLY = 0.3, 0.02, 0.1, 2.5, 0.05
_RAISING, _RISEN_M, _SLOWED, _REACH_M, _TO_AND_FRO = 4, 0.005, 0.45, 0.07, 1.9
_TIPS = (8, 12, 16)
STIR_RADIUS_M, MIN_ROUNDS = 0.036, 1.15  # at least, of a hand that stirs
TWIST_GAIN, MAX_TWIST_RAD = 3.5, 2.1  # a twisted object rotates farther than the hand (fingers roll it), to a limit
_SPREAD_M, _FRAMES, _ROUND = (0.006, 0.045), 5, 0.35  # on the spot: distances, number and roundness of the points
_TWIST_ONLY_M, _TWIST_RAD = 0.015, 0.3


@dataclass(frozen=True, eq=False)
class Interaction:
    """How a hand moves an object: with its pinch point if it grasps, with its finger tips if it drags or pushes."""

    interaction_type: InteractionType
    first: int  # frame at which the hand has closed, or has reached the object
    last: int  # last frame before it lets go; the last of the clip if it does not
    held_on: bool  # whether the clip ends before it lets go
    tool_world_m: Array  # (t, 3), the point of the hand that moves the object
    direction: Array  # (2,), where the object is moved to, unit vector on the ground

    def lowered(self, deeper_m: float | None = None) -> Interaction:
        """Return the interaction lower by `deeper_m` (`DEEPER_M` above `LOWEST_M` if None), as a gripper holds it."""
        if deeper_m is None:
            deeper_m = float(np.clip(self.tool_world_m[self.first, 2] - LOWEST_M, 0.0, DEEPER_M))
        return replace(self, tool_world_m=self.tool_world_m - [0.0, 0.0, deeper_m])


def interaction_of(joints_world_m: NDArray[np.floating]) -> tuple[Interaction, Array]:
    """Find how a hand moves an object, and the angle (t,) of the closing direction of a gripper in its place.

    Joints are float (t, 21, 3), m, world frame with z up; NaN where absent. Other shapes, or no hand: `InputError`.
    """
    joints = np.asarray(joints_world_m, np.float64)
    if joints.shape[1:] != (JOINTS, 3) or len(joints) < 2:
        raise InputError(f"joints_world_m must have shape (t, {JOINTS}, 3) with t > 1, got {joints.shape}")
    trajectory = gripper_trajectory(joints)
    known, frames = np.flatnonzero(trajectory.present), np.arange(len(joints))
    columns = [np.interp(frames, known, column) for column in joints[known].reshape(len(known), -1).T]
    joints = np.stack(columns, axis=1).reshape(joints.shape)
    found = find_interaction(joints, trajectory)
    first, across = found.first, np.arctan2(found.direction[1], found.direction[0])
    if found.interaction_type != "grasp":
        return found, np.full(len(joints), across if found.interaction_type == "drag" else across + 0.5 * np.pi)
    axes, rotation = gripper_axes(joints), _rotation(joints, first)
    hand = np.unwrap(np.arctan2(axes[:, 1, 1], axes[:, 0, 1]), period=np.pi)
    held = found.tool_world_m[first : found.last + 1]
    spread = np.linalg.norm(held - np.median(held, axis=0), axis=1)
    if np.median(spread) < _TWIST_ONLY_M and np.abs(rotation[first : found.last + 1]).max() > _TWIST_RAD:
        stays = np.broadcast_to(found.tool_world_m[first], found.tool_world_m.shape)
        twist = np.clip(TWIST_GAIN * rotation, -MAX_TWIST_RAD, MAX_TWIST_RAD)
        return replace(found, tool_world_m=stays), hand[first] + twist
    if found.held_on:
        found = replace(found, tool_world_m=_circular(found))
    # A carried object keeps its orientation: a hand that swings round rolls it in its fingers.
    return found, hand[first] + np.zeros(len(joints))


def find_interaction(joints_world_m: Array, trajectory: GripperTrajectory) -> Interaction:
    """Find when and how a hand moves an object.

    A hand that closes is in contact from the frame at which it has closed, or the one before if it has risen since.
    One that hardly closes is in contact from where its reach ends. Contact lasts until the hand opens again. It is a
    grasp if the hand closes to less than `PINCHED` or soon raises its pinch point by `LIFTED_M`; otherwise a push if
    the finger tips move where they point to, and a drag if they move to the side, to and fro, or back. Absent
    joints have been interpolated.
    """
    pinch = 0.5 * (joints_world_m[:, 4] + joints_world_m[:, 8])
    tips = joints_world_m[:, _TIPS].mean(1)
    first, last, held_on = _interval(trajectory, pinch)
    opening = float(np.median(trajectory.poses[first : last + 1, 7][trajectory.present[first : last + 1]]))
    raised = float((pinch[first : min(first + _RAISING, last) + 1, 2] - pinch[first, 2]).max())
    if opening < PINCHED or raised > LIFTED_M:
        return Interaction("grasp", first, last, held_on, pinch, _direction(pinch[first : last + 1]))
    moved = tips[first : last + 1]
    direction = _direction(moved)
    pointing = gripper_axes(joints_world_m[first : first + 1])[0, :2, 2]
    along = float(direction @ pointing) / max(float(np.linalg.norm(pointing)), 1e-6)
    ground = moved[:, :2] - moved[0, :2]
    length = np.linalg.norm(np.diff(moved[:, :2], axis=0), axis=1).sum()
    to_and_fro = length > _TO_AND_FRO * max(np.linalg.norm(ground, axis=1).max(), 0.03)
    if along > 0.3 and not to_and_fro:
        farthest = first + int((ground @ direction).argmax())
        return Interaction("push", first, farthest, held_on and farthest == last, tips, direction)
    return Interaction("drag", first, last, held_on, tips, direction)


def _interval(trajectory: GripperTrajectory, pinch: Array) -> tuple[int, int, bool]:
    """Return the first and the last frame of contact, and whether it lasts to the clip's end."""
    poses, present = trajectory.poses, trajectory.present
    known = np.flatnonzero(present)
    opening = np.interp(np.arange(len(trajectory)), known, poses[known, 7])
    smooth = np.array([np.median(opening[max(i - 1, 0) : i + 2]) for i in range(len(opening))])
    narrowest = int(known[smooth[known].argmin()])
    least, widest = float(smooth[narrowest]), float(opening[known[known <= narrowest]].max())
    if widest - least >= CLOSING:
        closed = present & (opening <= least + max(_ALIKE, _ALIKE_FRACTION * (widest - least)))
        first = int(np.flatnonzero(closed)[0])
        if first > 0 and present[first - 1] and pinch[first - 1, 2] < pinch[first, 2] - _RISEN_M:
            first -= 1
    else:
        first = _reach_end(pinch, known)
    let_go = _let_go(opening, pinch, first, int(known[0]))
    return first, len(trajectory) - 1 if let_go is None else let_go - 1, let_go is None


def _let_go(opening: Array, pinch: Array, first: int, seen: int) -> int | None:
    """Return the frame from which a hand in contact has let go; None if it holds on.

    The opening has one level while it holds and another after: the change is where the two levels fit best (least
    squares), helped by how far the hand has moved away at the end. It must fit clearly better than holding on.
    """
    held = float(np.median(opening[first : first + 4]))
    free = max(float(opening[max(seen, first - 2) : first + 1].max()), held + _LEVELS_APART)
    off_held, off_free = (opening - held) ** 2, (opening - free) ** 2
    away = np.minimum(np.linalg.norm(pinch[-1] - pinch, axis=1), _AWAY_M)
    frames = np.arange(first + 2, len(opening))
    wider = np.array([opening[frame:].mean() - held for frame in frames]) > _WIDER
    left = np.where(wider, away[frames - 1], 0.0)
    gain = [float((off_held[frame:] - off_free[frame:]).sum()) for frame in frames] + _LEAVING * left
    return int(frames[gain.argmax()]) if gain.size and gain.max() > _CLEARLY else None


def _reach_end(points: Array, known: NDArray[np.intp]) -> int:
    """Return the frame at which a reach of points (t, 3) ends: the lowest of three where it slows or turns off."""
    steps = np.diff(points, axis=0)
    speed = np.linalg.norm(steps, axis=1)
    fastest, last = _REACH_M, int(known[-1])
    for frame in range(int(known[0]), last):
        slow = speed[frame] < _SLOWED * fastest
        turns = frame > known[0] and float(steps[frame - 1] @ steps[frame]) < 0.3 * speed[frame - 1] * speed[frame]
        if slow or turns:
            return frame + int(points[frame : min(frame + 3, last + 1), 2].argmin())
        fastest = max(fastest, float(speed[frame]))
    return int(known[0])


def _direction(points: Array) -> Array:
    """Return the unit vector (2,) on the ground to the point (t, 3) that is farthest from the first."""
    away = points[:, :2] - points[0, :2]
    farthest = away[np.linalg.norm(away, axis=1).argmax()]
    length = float(np.linalg.norm(farthest))
    return np.asarray(farthest / length) if length > 1e-6 else np.array([1.0, 0.0])


def _circular(found: Interaction) -> Array:
    """Return the trajectory (t, 3) of a hand that moves round on the spot as a circle, else as it is.

    A clip has few frames a round: the circle that is seen is narrow and cornered, the more so after smoothing.
    """
    trajectory = found.tool_world_m
    held = trajectory[found.first : found.last + 1]
    away = held[:, :2] - held[:, :2].mean(0)
    wide, high = float(np.linalg.norm(away, axis=1).max()), float(np.ptp(held[:, 2]))
    if len(held) < _FRAMES or not _SPREAD_M[0] < wide < _SPREAD_M[1] or high > _SPREAD_M[1]:
        return trajectory
    narrow, broad = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(away.T)), 0.0))
    if narrow < _ROUND * broad:
        return trajectory
    radius = max(float(np.hypot(narrow, broad)), STIR_RADIUS_M)
    angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
    turned = float(angles[-1] - angles[0])
    start = np.arctan2(away[0, 1], away[0, 0])
    angle = start + np.copysign(max(abs(turned), 2 * np.pi * MIN_ROUNDS), turned) * np.linspace(0.0, 1.0, len(held))
    circle = np.stack([np.cos(angle), np.sin(angle)], 1) - [np.cos(start), np.sin(start)]
    trajectory = trajectory.copy()
    trajectory[found.first : found.last + 1, :2] = held[0, :2] + radius * circle
    return trajectory


def _rotation(joints: Array, first: int) -> Array:
    """Return how far a hand (t, 21, 3) has rotated since a frame, seen from above: the best fit of its joints."""
    flat = joints[..., :2] - joints[..., :2].mean(1, keepdims=True)
    start = flat[first]
    across = (start[:, 0] * flat[..., 1] - start[:, 1] * flat[..., 0]).sum(1)
    angle = np.unwrap(np.arctan2(across, (start * flat).sum((1, 2))))
    return np.asarray(angle - angle[first])

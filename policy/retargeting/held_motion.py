"""What a hand does with an object that it holds: carries it, twists it on the spot, or stirs in a circle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .gripper import Array, gripper_axes
from .interaction import Interaction, filled_joints, find_interaction

STIR_RADIUS_M, MIN_ROUNDS = 0.036, 1.15  # at least, of a hand that stirs
TWIST_GAIN, MAX_TWIST_RAD = 3.5, 2.1  # a twisted object rotates farther than the hand (fingers roll it), to a limit
_SPREAD_M, _FRAMES, _ROUND = (0.006, 0.045), 5, 0.35  # on the spot: distances, number and roundness of the points
_TWIST_ONLY_M, _TWIST_RAD = 0.015, 0.3


def interaction_of(joints_world_m: NDArray[np.floating]) -> tuple[Interaction, Array]:
    """Find how a hand moves an object, and the angle (t,) of the closing direction of a gripper in its place.

    Joints are float (t, 21, 3), m, world frame with z up; NaN where the hand is absent. Others, and those of no hand,
    are an `InputError`.
    """
    joints, trajectory = filled_joints(joints_world_m)
    found = find_interaction(joints, trajectory)
    first, across = found.first, np.arctan2(found.direction[1], found.direction[0])
    if found.interaction_type == "drag":
        return found, np.full(len(joints), across)
    if found.interaction_type == "push":
        return found, np.full(len(joints), across + 0.5 * np.pi)
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

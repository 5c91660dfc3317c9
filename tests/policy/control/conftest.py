"""A hand made of 21 joints, and what it does: grasps, pushes, drags."""

from types import SimpleNamespace

import numpy as np
import pytest

from ivg.policy.control import GripperPlan
from ivg.policy.retargeting.gripper import FULL_OPENING_M, WRIST_TO_MIDDLE_M

FRAMES, FIRST, LET_GO = 16, 6, 12
DOWN = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]])  # columns: the hand's axes; closes along the world's x
FORWARD = np.array([[0.0, 0.6, 0.8], [1, 0, 0], [0, 0.8, -0.6]])  # points forward, along x, and down


def hand(opening: float) -> np.ndarray:
    """A hand of scale 1 about its pinch point, (21, 3): its z points to the tips, y goes from thumb to index finger."""
    half = 0.5 * opening * FULL_OPENING_M
    root = np.array([0.0, 0.0, -0.08])
    wrist = root - [0, 0, WRIST_TO_MIDDLE_M]
    joints = [wrist, *np.linspace(root - [0, 0.03, 0.03], [0, -half, 0], 4)]
    for place in (0.0, -0.02, -0.04, -0.06):
        base = root + [place, 0.03, 0]
        joints += [*np.linspace(base, [place, half, 0], 4)]
    made = np.array(joints)
    made[9] = root  # the middle finger's knuckle, at the palm's length from the wrist
    return made


def perform(pinch: np.ndarray, opening: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Joints (t, 21, 3) of a hand led along pinch points (t, 3); frame 0 shows none."""
    axes = np.broadcast_to(axes, (len(pinch), 3, 3))
    joints = np.stack([p + hand(w) @ a.T for p, w, a in zip(pinch, opening, axes, strict=True)])
    joints[0] = np.nan
    return joints


def reach(start: list[float], end: list[float], frames: int) -> np.ndarray:
    return np.linspace(start, end, frames + 1)


def grasp_joints(axes: np.ndarray = DOWN, shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Reaches until frame 6, closes, carries a thing up and to the side, opens at frame 12, goes away."""
    place, end = [0.1, 0.0, 0.03], [0.1, 0.2, 0.03]
    carry = reach(place, end, LET_GO - 1 - FIRST)
    carry[:, 2] += 0.08 * np.sin(np.linspace(0, np.pi, len(carry)))
    away = reach(end, [0.0, 0.2, 0.2], FRAMES - LET_GO)[1:]
    pinch = np.concatenate([reach([-0.2, -0.2, 0.3], place, FIRST)[:-1], carry, away]) + shift
    opening = np.full(FRAMES, 0.9)
    opening[FIRST:LET_GO] = 0.2
    return perform(pinch, opening, axes)


def straight_joints(way: np.ndarray, axes: np.ndarray = FORWARD) -> np.ndarray:
    """Reaches until frame 6 with a hand that does not close, then goes a way (10, 3) from there."""
    place = np.array([0.1, 0.0, 0.03])
    approach = reach([-0.2, 0.0, 0.33], place, FIRST)[:-1]
    return perform(np.concatenate([approach, place + way]), np.full(FRAMES, 0.7), axes)


def way_of(interaction_type: str) -> np.ndarray:
    """Slow ways (10, 3): ahead ("push"), to the side and back and again ("drag"), back ("pull"), up ("lift")."""
    ahead = np.arange(FRAMES - FIRST) * 0.02
    none = np.zeros_like(ahead)
    to_and_fro = np.array([0, 1, 2, 1, 0, 1, 2, 1, 0, 1]) * 0.025
    return {
        "push": np.stack([ahead, none, none], axis=1),
        "drag": np.stack([none, to_and_fro, none], axis=1),
        "scrub": np.stack([to_and_fro, none, none], axis=1),
        "pull": np.stack([-ahead, none, none], axis=1),
        "lift": np.stack([none, none, ahead], axis=1),
    }[interaction_type]


def plan_of(positions: np.ndarray, yaw: float = 0.0, closed: np.ndarray | None = None, dwell: float = 0.0):
    count = len(positions)
    return GripperPlan(
        pos_world_m=np.asarray(positions, float),
        yaw_rad=np.full(count, float(yaw)),
        closed=np.zeros(count, bool) if closed is None else closed,
        speed_m_s=np.full(count, 0.3),
        dwell_s=np.full(count, dwell),
        phase=np.linspace(0, 1, count),
        interaction_type="grasp",
    )


@pytest.fixture(scope="session")
def made_up():
    """What the tests make hands and plans with."""
    names = (hand, perform, grasp_joints, straight_joints, way_of, plan_of)
    places = {"DOWN": DOWN, "FORWARD": FORWARD, "FIRST": FIRST, "LET_GO": LET_GO, "FRAMES": FRAMES}
    return SimpleNamespace(**{one.__name__: one for one in names}, **places)

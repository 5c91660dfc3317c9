"""A table with boxes on it, as a height map has it and as a tilted camera sees it; a hand that comes to it."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.policy.retargeting.refinement import HeightMap
from ivg.policy.retargeting.refinement.height_map import CELL_M, WINDOW_M
from ivg.types import Camera

SIZE = 256
FRAMES, FIRST, LET_GO = 16, 6, 12


@dataclass(frozen=True)
class Box:
    """Stands on the table; its long side lies at an angle about z."""

    middle: tuple[float, float]
    length: float
    width: float
    height: float
    angle: float = 0.0

    def own(self, xy: np.ndarray) -> np.ndarray:
        """Places (..., 2) along its sides, from its middle."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return (np.asarray(xy) - self.middle) @ np.array([[cos, -sin], [sin, cos]])

    def holds(self, xy: np.ndarray) -> np.ndarray:
        return (np.abs(self.own(xy)) <= [0.5 * self.length, 0.5 * self.width]).all(-1)


@dataclass(frozen=True)
class Post:
    """A round thing that stands on the table."""

    middle: tuple[float, float]
    width: float
    height: float

    def holds(self, xy: np.ndarray) -> np.ndarray:
        return np.linalg.norm(np.asarray(xy) - self.middle, axis=-1) <= 0.5 * self.width


def height_at(things, xy):
    """True heights (...) of a table at z = 0 with things on it, at places (..., 2)."""
    return np.max([np.zeros(np.shape(xy)[:-1]), *(np.where(one.holds(xy), one.height, 0.0) for one in things)], axis=0)


def map_of(things, centre=(0.0, 0.0)):
    """The height map of a camera that sees everything from above."""
    side = round(WINDOW_M / CELL_M) | 1
    origin = np.asarray(centre) - 0.5 * (side - 1) * CELL_M
    steps = np.arange(side) * CELL_M
    return HeightMap(height_at(things, np.stack(np.meshgrid(origin[0] + steps, origin[1] + steps), -1)), origin)


def camera_at(target=(0.0, 0.0, 0.0), tilt=0.6, far=0.6):
    """Looks at a point, aslant."""
    turn = Rotation.from_euler("x", tilt).as_matrix() @ np.diag([1.0, -1, -1])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, target - far * turn[:, 2]
    return Camera(np.array([[300.0, 0, SIZE / 2], [0, 300.0, SIZE / 2], [0, 0, 1]]), pose, SIZE, SIZE)


def depth_of(boxes, camera, size=SIZE):
    """Depth (size, size) of a table at z = 0 with boxes on it: where each pixel's ray first meets something."""
    v, u = np.mgrid[:size, :size] + 0.5
    pixels = np.stack([u * camera.width / size, v * camera.height / size, np.ones_like(u)], -1)
    rays = pixels @ np.linalg.inv(camera.K).T @ camera.T_world_camera[:3, :3].T
    eye = camera.T_world_camera[:3, 3]
    depth = -eye[2] / rays[..., 2]
    for box in boxes:
        start = np.array([*box.own(eye[:2]), eye[2] - 0.5 * box.height])
        ways = np.concatenate([box.own(rays[..., :2] + box.middle), rays[..., 2:]], -1)
        half = 0.5 * np.array([box.length, box.width, box.height])
        ways = np.where(np.abs(ways) < 1e-9, 1e-9, ways)
        near, far = np.sort(np.stack([(-half - start) / ways, (half - start) / ways]), axis=0)
        enters, leaves = near.max(-1), far.min(-1)
        depth = np.where((enters < leaves) & (enters > 0), np.minimum(depth, enters), depth)
    return depth.astype(np.float32)


@pytest.fixture(scope="session")
def table(made_up):
    """A table with objects on it, how it is seen, and the hands that come to it."""

    def grasp_at(place):
        """Comes to a place until frame 6, closes, carries an object up and to the side, opens at frame 12, leaves."""
        place = np.asarray(place, float)
        come = np.linspace(place + [-0.3, -0.2, 0.27], place, FIRST + 1)[:-1]
        carry = np.linspace(place, place + [0, 0.2, 0], LET_GO - FIRST)
        carry[:, 2] += 0.08 * np.sin(np.linspace(0, np.pi, len(carry)))
        away = np.linspace(carry[-1], carry[-1] + [-0.1, 0, 0.17], FRAMES - LET_GO + 1)[1:]
        opening = np.full(FRAMES, 0.9)
        opening[FIRST:LET_GO] = 0.2
        return made_up.perform(np.concatenate([come, carry, away]), opening, made_up.DOWN)

    def straight_at(place, motion):
        """Comes with its finger tips to a place until frame 6 and does not close; then moves by (10, 3) from there."""
        tips = (made_up.hand(0.7) @ made_up.FORWARD.T)[[8, 12, 16]].mean(0)
        place = np.asarray(place, float) - tips
        come = np.linspace(place + [-0.3, 0, 0.3], place, FIRST + 1)[:-1]
        return made_up.perform(np.concatenate([come, place + motion]), np.full(FRAMES, 0.7), made_up.FORWARD)

    def push_at(place):
        """Pushes along x."""
        return straight_at(place, made_up.motion_of("push"))

    def drag_at(place):
        """Drags to and fro along y."""
        return straight_at(place, made_up.motion_of("drag"))

    made = (Box, Post, height_at, map_of, camera_at, depth_of, grasp_at, push_at, drag_at, differ)
    return SimpleNamespace(**{one.__name__: one for one in made}, SIZE=SIZE, FIRST=FIRST)


def differ(one, other):
    """Difference of two closing directions, fingers alike, rad in [0, pi / 2]."""
    return abs((one - other + np.pi / 2) % np.pi - np.pi / 2)

"""Demonstrations made up for the tests, and a small environment to observe some in."""

from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest

from ivg.policy import Demonstration
from ivg.policy.control import GripperPlan
from ivg.policy.extraction import ExtractedDemonstration
from ivg.policy.hands3d.lifting import LiftedHands
from ivg.policy.hands3d.tracking import clean_tracks
from ivg.policy.retargeting import GripperTrajectory
from ivg.policy.retargeting.gripper import FULL_OPENING_M, WRIST_TO_MIDDLE_M
from ivg.types import HandTracks


def make_demonstration(seed=0, frames=16, height=20, width=28):
    rng = np.random.default_rng(seed)
    present = rng.random((frames, 2)) < 0.6
    keypoints = rng.normal(0.5, 0.3, (frames, 2, 21, 2)).astype(np.float32)
    keypoints[~present] = np.nan
    masks = rng.random((frames, height, width)) < 0.1
    return Demonstration(
        clip=rng.integers(0, 256, (frames, height, width, 3), np.uint8),
        region=masks.any(axis=0),
        keypoints=keypoints,
        present=present,
        fps=8.0,
        provenance={"prompt": "schneide die Möhre", "seed": seed, "nested": {"list": [1, 2.5, None, True]}},
        region_per_frame=masks,
        score=np.where(present, rng.random((frames, 2)), 0).astype(np.float32),
    )


@pytest.fixture
def demonstration():
    return make_demonstration()


@pytest.fixture
def make():
    return make_demonstration


@pytest.fixture(scope="session")
def human_clip(demonstrator_128):
    """A rendered clip with its ground truth; one hand acts."""
    return demonstrator_128.render("mug_to_plate", 3)


SIZE, START, HORIZON = 40, np.array([0.0, 0.0, 0.1]), 30

HAND_M = np.random.default_rng(0).normal(0, 0.003, (21, 3)) + np.linspace([0, 0, 0.09], [0.01, 0, 0.02], 21)
HAND_M[[4, 8]] = [[0, -0.02, 0], [0, 0.02, 0]]  # the tips of thumb and index finger, about the pinch point
HAND_M[[3, 6]] = [[0, -0.02, 0.03], [0, 0.02, 0.03]]


class ReachEnv(gym.Env):
    """Observes and acts like the kitchen; done where the gripper comes within 4 cm of the scene's place."""

    def __init__(self, images=True, horizon=HORIZON):
        self.images, self.horizon, self.render_mode = images, horizon, "rgb_array"
        spaces = {"proprio": gym.spaces.Box(-1e4, 1e4, (16,), np.float32)}
        if images:
            spaces["image"] = gym.spaces.Box(0, 255, (SIZE, SIZE, 3), np.uint8)
        self.observation_space = gym.spaces.Dict(spaces)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (7,), np.float32)
        self.reset_seeds = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.reset_seeds.append(seed)
        self.place, self.steps, self.goal = START.copy(), 0, place_of(seed)
        return self._observe(), self._info(False)

    def step(self, action):
        assert np.shape(action) == (7,)
        self.place = self.place + 0.05 * np.clip(action[:3], -1, 1)
        self.steps += 1
        done = bool(np.linalg.norm(self.place - self.goal) < 0.04)
        return self._observe(), float(done), done, self.steps >= self.horizon, self._info(done)

    def render(self):
        return image_of(self.goal)

    def _observe(self):
        proprio = np.concatenate([self.place, [1, 0, 0, 0, 0.5], np.zeros(7), [self.steps / 20]]).astype(np.float32)
        return {"proprio": proprio} | ({"image": self.render()} if self.images else {})

    def _info(self, done):
        K = np.array([[60.0, 0, 20], [0, 60, 20], [0, 0, 1]])
        camera = {"K": K, "T_world_camera": np.eye(4), "width": SIZE, "height": SIZE}
        return {"is_success": done, "camera": camera, "text": "go there", "task": "reach"}


def place_of(seed):
    """Where the scene's place is, m."""
    return np.random.default_rng([seed, 7]).uniform([-0.3, -0.3, 0.1], [0.3, 0.3, 0.4])


def image_of(place):
    return np.broadcast_to((place * 200 + 100).astype(np.uint8), (SIZE, SIZE, 3)).copy()


def extracted(goal, camera):
    """A demonstration of 16 frames: the right hand goes straight from the start to a place; absent in frame 0."""
    poses = np.zeros((16, 8), np.float32)
    poses[:, :3] = START + np.linspace(0, 1, 16)[:, None] * (goal - START)
    poses[:, 3], poses[:, 7], poses[0] = 1, 0.4, np.nan
    present = np.zeros((16, 2), bool)
    present[1:, 1] = True
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    keypoints[present] = 0.5
    joints = np.full((16, 2, 21, 3), np.nan, np.float32)
    joints[1:, 1] = poses[1:, None, :3] + HAND_M
    score = present.astype(np.float32)
    demonstration = Demonstration(
        np.zeros((16, SIZE, SIZE, 3), np.uint8), np.zeros((SIZE, SIZE), bool), keypoints, present, 8.0, {}, score=score
    )
    tracks = clean_tracks(HandTracks(keypoints, present, score), 8.0)
    path = GripperTrajectory(poses, present[:, 1], 1.0)
    return ExtractedDemonstration(demonstration, camera, tracks, LiftedHands(joints, present, "made up"), "right", path)


class Guide:
    """A source that shows the way; finds no hand in scenes whose seed is in `blind`; counts its calls."""

    def __init__(self, blind=(), fingerprint="guide"):
        self.blind, self.calls = set(blind), []
        self.fingerprint = {"source": fingerprint}

    def __call__(self, frame, text, seed, camera, depth=None):
        self.calls.append((text, seed, frame.shape))
        return None if seed in self.blind else extracted(place_of(seed), camera)


@pytest.fixture
def guide():
    return Guide()


@pytest.fixture
def make_guide():
    return Guide


@pytest.fixture
def reach():
    return ReachEnv()


@pytest.fixture
def make_reach():
    return ReachEnv


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


def line(start: list[float], end: list[float], frames: int) -> np.ndarray:
    return np.linspace(start, end, frames + 1)


def grasp_joints(axes: np.ndarray = DOWN, shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Reaches until frame 6, closes, carries an object up and to the side, opens at frame 12, goes away."""
    place, end = [0.1, 0.0, 0.03], [0.1, 0.2, 0.03]
    carry = line(place, end, LET_GO - 1 - FIRST)
    carry[:, 2] += 0.08 * np.sin(np.linspace(0, np.pi, len(carry)))
    away = line(end, [0.0, 0.2, 0.2], FRAMES - LET_GO)[1:]
    pinch = np.concatenate([line([-0.2, -0.2, 0.3], place, FIRST)[:-1], carry, away]) + shift
    opening = np.full(FRAMES, 0.9)
    opening[FIRST:LET_GO] = 0.2
    return perform(pinch, opening, axes)


def straight_joints(motion: np.ndarray, axes: np.ndarray = FORWARD) -> np.ndarray:
    """Reaches until frame 6 with a hand that does not close, then moves by (10, 3) from there."""
    place = np.array([0.1, 0.0, 0.03])
    approach = line([-0.2, 0.0, 0.33], place, FIRST)[:-1]
    return perform(np.concatenate([approach, place + motion]), np.full(FRAMES, 0.7), axes)


def motion_of(kind: str) -> np.ndarray:
    """Slow motions (10, 3): ahead ("push"), to the side and back and again ("drag"), back ("pull"), up ("lift")."""
    ahead = np.arange(FRAMES - FIRST) * 0.02
    none = np.zeros_like(ahead)
    to_and_fro = np.array([0, 1, 2, 1, 0, 1, 2, 1, 0, 1]) * 0.025
    return {
        "push": np.stack([ahead, none, none], axis=1),
        "drag": np.stack([none, to_and_fro, none], axis=1),
        "scrub": np.stack([to_and_fro, none, none], axis=1),
        "pull": np.stack([-ahead, none, none], axis=1),
        "lift": np.stack([none, none, ahead], axis=1),
    }[kind]


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
    """Helpers that make hands and plans."""
    names = (hand, perform, grasp_joints, straight_joints, motion_of, plan_of)
    places = {"DOWN": DOWN, "FORWARD": FORWARD, "FIRST": FIRST, "LET_GO": LET_GO, "FRAMES": FRAMES}
    return SimpleNamespace(**{one.__name__: one for one in names}, **places)

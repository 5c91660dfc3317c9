"""One attempt: a made-up robot that follows a rendered person's hand; what is kept, and why the rest is not."""

import gymnasium as gym
import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy import Demonstration
from ivg.policy.attempt import Attempt, attempt_episode
from ivg.policy.hands3d.lifting import LiftedHands


class PointRobot(gym.Env):
    """An end effector that goes where actions push it; done within 3 cm of the goal."""

    metadata = {"render_fps": 20}

    def __init__(self, clip, goal):
        self.clip, self.goal = clip, goal

    def reset(self, *, seed=None, options=None):
        self.position, self.steps = np.array([0.3, 0.0, 0.3]), 0
        camera = {"K": self.clip.camera_K, "T_world_camera": self.clip.T_world_camera, "width": 128, "height": 128}
        return self._observation(), {"task": "mug_to_plate", "camera": camera, "is_success": False}

    def step(self, action):
        self.position = self.position + 0.05 * np.asarray(action[:3], float)
        self.steps += 1
        done = bool(np.linalg.norm(self.position - self.goal) < 0.03)
        return self._observation(), float(done), done, self.steps >= 400, {"is_success": done}

    def _observation(self):
        proprio = np.zeros(16, np.float32)
        proprio[:3], proprio[3:7] = self.position, (0, 1, 0, 0)
        return {"image": np.full((128, 128, 3), self.steps % 256, np.uint8), "proprio": proprio}


@pytest.fixture
def demonstrate(human_clip):
    """Shows the rendered clip with its true joints."""
    present = np.isfinite(human_clip.keypoints).all((2, 3))

    def show(frame, text, seed=0, appearance=None):
        return Demonstration(
            clip=human_clip.frames,
            region=np.zeros((128, 128), bool),
            keypoints=human_clip.keypoints,
            present=present,
            fps=8.0,
            provenance={"prompt": text, "seed": seed, "timings_s": {"clip": 1.2}},
        )

    return show


@pytest.fixture
def lifter(human_clip):
    present = np.isfinite(human_clip.joints_world_m).all((2, 3))
    return lambda tracks, camera: LiftedHands(human_clip.joints_world_m, present, "truth", {"weights": "none"})


def test_a_robot_that_gets_there_gives_an_episode(human_clip, demonstrate, lifter):
    env = PointRobot(human_clip, human_clip.gripper_trajectory[human_clip.contact][-1, :3])
    attempt = attempt_episode(env, demonstrate, "put the mug away", 3, lifter=lifter, notes={"index": 7})
    episode = attempt.episode
    assert (attempt.reason, set(attempt.seconds)) == ("", {"reset", "demonstration", "execution"})
    assert (episode.task, episode.text, episode.seed, episode.success) == ("mug_to_plate", "put the mug away", 3, True)
    assert episode.image[:, 0, 0, 0].tolist() == list(range(len(episode))), "step i was seen before action i"
    moved = episode.proprio[:-1, :3] + 0.05 * episode.action[:-1, :3]
    np.testing.assert_allclose(moved, episode.proprio[1:, :3], atol=1e-6)
    assert (np.diff(episode.phase) >= 0).all()
    assert episode.phase[-1] > 0.4
    np.testing.assert_array_equal(episode.demo_clip, human_clip.frames)
    hand = ("left", "right").index(human_clip.side)
    seen = episode.demo_present[:, hand] > 0.5
    assert seen.sum() > 8
    error = np.abs(episode.demo_path[seen, :3] - human_clip.gripper_trajectory[seen, :3])
    assert np.median(error) < 1e-3, "the path is the hand's"
    assert episode.provenance["index"] == 7
    assert episode.provenance["demonstration"] == {"prompt": "put the mug away", "seed": 3}, "times are no provenance"
    assert episode.provenance["lifting"]["weights"] == "none"


def test_the_same_attempt_gives_the_same_episode(human_clip, demonstrate, lifter):
    env = PointRobot(human_clip, human_clip.gripper_trajectory[human_clip.contact][-1, :3])
    one, other = (attempt_episode(env, demonstrate, "put", 3, lifter=lifter).episode for _ in range(2))
    for key in ("image", "proprio", "action", "phase", "demo_path"):
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key))
    assert one.provenance == other.provenance


def test_what_is_not_done_is_refused_with_a_reason(human_clip, demonstrate, lifter):
    attempt = attempt_episode(PointRobot(human_clip, np.full(3, 9.0)), demonstrate, "put", 3, lifter=lifter)
    assert (attempt.episode, attempt.reason) == (None, "not_done")
    assert "grasp" in attempt.detail


def test_a_hand_that_never_closes_is_told_apart(human_clip, demonstrate, lifter):
    stiff = np.repeat(human_clip.joints_world_m[human_clip.contact][:1], 16, axis=0)
    present = np.isfinite(stiff).all((2, 3))
    still = lambda tracks, camera: LiftedHands(stiff, present, "truth")  # noqa: E731
    attempt = attempt_episode(PointRobot(human_clip, np.full(3, 9.0)), demonstrate, "put", 3, lifter=still)
    assert attempt.reason == "no_contact"


def test_a_clip_without_a_hand_is_refused_before_the_robot_moves(human_clip, demonstrate):
    nobody = LiftedHands(np.full((16, 2, 21, 3), np.nan, np.float32), np.zeros((16, 2), bool), "truth")
    env = PointRobot(human_clip, np.zeros(3))
    attempt = attempt_episode(env, demonstrate, "put", 3, lifter=lambda tracks, camera: nobody)
    assert (attempt.reason, env.steps) == ("no_hand", 0)
    assert "execution" not in attempt.seconds


def test_the_depth_of_the_laid_out_scene_moves_the_hand(human_clip, demonstrate, lifter):
    env = PointRobot(human_clip, human_clip.gripper_trajectory[human_clip.contact][-1, :3])
    asked = []

    def depth():
        asked.append(env.steps)
        return np.full((128, 128), 3.0)  # a wall far behind: nothing to touch, so the hand stays

    attempt = attempt_episode(env, demonstrate, "put", 3, lifter=lifter, depth=depth)
    assert asked == [0], "once, after the reset"
    contact = attempt.episode.provenance["lifting"]["contact"]
    assert (contact["manner"], contact["offset_m"]) == ("grasp", [0.0, 0.0, 0.0])
    plain = attempt_episode(env, demonstrate, "put", 3, lifter=lifter).episode
    assert "contact" not in plain.provenance["lifting"]
    np.testing.assert_array_equal(attempt.episode.demo_path, plain.demo_path)


def test_where_nothing_is_touched_as_many_demonstrations_as_asked_are_made(human_clip, demonstrate, lifter):
    env, seeds = PointRobot(human_clip, np.full(3, 9.0)), []

    def show(frame, text, seed=0, appearance=None):
        seeds.append(seed)
        return demonstrate(frame, text, seed, appearance)

    wall = lambda: np.full((128, 128), 3.0)  # noqa: E731
    attempt = attempt_episode(env, show, "put", 3, lifter=lifter, depth=wall, samples=3)
    assert attempt.reason == "not_done"
    assert len(set(seeds)) == 3
    assert seeds[0] == 3


@pytest.mark.parametrize("reason", ["", "because"])
def test_an_attempt_has_an_episode_or_a_known_reason(reason):
    with pytest.raises(InputError, match="no_hand, no_contact, not_done, crashed"):
        Attempt(None, reason)

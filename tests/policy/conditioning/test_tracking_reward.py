"""The tracking reward: it telescopes, and does not change which policy is best."""

import gymnasium as gym
import numpy as np
import pytest

from ivg.errors import ConfigError, InputError
from ivg.policy.conditioning.tracking_reward import DemoTrackingReward, TrajectoryProgress, distance_potential, shaping
from ivg.policy.conditioning.video_demo import VideoDemoWrapper


def straight(frames=16, length=0.3):
    path = np.zeros((frames, 8), np.float32)
    path[:, 0] = np.linspace(0, length, frames)
    path[:, 3] = 1
    return path


def pose(x, opening=0.0):
    return np.array([x, 0, 0, 1, 0, 0, 0, opening])


@pytest.mark.parametrize("gamma", [0.9, 0.97, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_discounted_shaping_telescopes_whatever_the_trajectory(reach, guide, gamma, seed):
    env = DemoTrackingReward(VideoDemoWrapper(reach, guide), gamma=gamma, trajectory_key="demo_path", weight=2.5)
    env.reset(seed=seed)
    start, rng = env.potential, np.random.default_rng(seed)
    total, discount, done = 0.0, 1.0, False
    toward = rng.random() < 0.5
    while not done:
        action = rng.uniform(-1, 1, 7) * (0.3 if toward else 1.0)
        if toward:
            action[:3] += (reach.goal - reach.place) / 0.05
        _, _, terminated, truncated, info = env.step(action)
        total += discount * info["shaping_reward"]
        discount *= gamma
        done = terminated or truncated
    rest = 0.0 if terminated else discount * env.potential
    assert total == pytest.approx(rest - start, abs=1e-9)
    assert terminated or not toward


def test_terminal_states_have_no_potential():
    assert shaping(0.25, 0.9, 0.5, False) == pytest.approx(0.2)
    assert shaping(0.25, 0.9, 0.5, True) == pytest.approx(-0.25)
    both = shaping(np.array([0.25, 0.25]), np.array([0.9, 0.9]), 0.5, np.array([False, True]))
    np.testing.assert_allclose(both, [0.2, -0.25])


def test_the_best_policy_stays_the_best():
    """Value iteration on random MDPs with a terminal state: the optimal actions are those of the unshaped reward."""
    rng = np.random.default_rng(0)
    states, actions, gamma, terminal = 6, 3, 0.9, 5
    for _ in range(20):
        moves = rng.dirichlet(np.ones(states) * 0.3, (states, actions))
        reward = rng.normal(size=(states, actions, states))
        potential = rng.normal(size=states) * 5
        ends = np.arange(states) == terminal
        added = shaping(potential[:, None, None], potential[None, None, :], gamma, ends[None, None, :])
        plain, shaped = (_action_values(moves, r, gamma, terminal) for r in (reward, reward + added))
        assert (plain[:terminal].argmax(1) == shaped[:terminal].argmax(1)).all()
        np.testing.assert_allclose(shaped[:terminal], plain[:terminal] - potential[:terminal, None], atol=1e-6)


def _action_values(moves, reward, gamma, terminal):
    values = np.zeros(len(moves))
    for _ in range(600):
        q = (moves * (reward + gamma * values)).sum(-1)
        q[terminal] = 0.0
        values = q.max(1)
    return q


def test_the_way_falls_along_the_path_and_progress_never_does():
    path, progress = straight(), TrajectoryProgress(reach_m=0.021, lookahead=1)
    index = progress.advance(path, pose(0.0), np.zeros((), int))
    assert index == 2  # the first two waypoints are 0 and 2 cm away
    left, indices = [], []
    for x in np.linspace(0, 0.3, 61):
        index = progress.advance(path, pose(x), index)
        left.append(float(progress.distance_left_m(path, pose(x), index)))
        indices.append(int(index))
    assert (np.diff(left) <= 1e-9).all()
    assert left[0] == pytest.approx(0.3)
    assert left[-1] == pytest.approx(0.0, abs=1e-6)
    assert indices[-1] == 15
    assert progress.advance(path, pose(0.0), index) == 15


def test_a_path_that_comes_back_has_to_be_followed_in_order():
    there_and_back = np.concatenate([straight(9), straight(9)[::-1]])
    progress = TrajectoryProgress(reach_m=0.03)
    index = progress.advance(there_and_back, pose(0.0), np.zeros((), int))
    assert index < 3
    assert progress.distance_left_m(there_and_back, pose(0.0), index) > 0.5


def test_batches_are_followed_like_single_paths():
    rng = np.random.default_rng(1)
    paths = rng.normal(0, 0.05, (7, 16, 8)).cumsum(1)
    paths[..., 7] = rng.random((7, 16))
    poses = paths[np.arange(7), rng.integers(0, 16, 7)] + 0.01
    index, progress = rng.integers(0, 10, 7), TrajectoryProgress()
    together = progress.advance(paths, poses, index)
    left = progress.distance_left_m(paths, poses, together)
    for i in range(7):
        one = progress.advance(paths[i], poses[i], index[i])
        assert one == together[i]
        assert progress.distance_left_m(paths[i], poses[i], one) == pytest.approx(left[i])
    assert distance_potential(left, left + 1).shape == (7,)


def test_the_gripper_has_to_open_and_close_too():
    path = straight()
    path[:, 7] = 0.8 / 1.375
    progress = TrajectoryProgress(opening_weight_m=0.1, opening_scale=1.375, reach_m=0.05)
    near, closed = np.full((), 15), progress.distance_left_m(path, pose(0.3, 0.0), np.full((), 15))
    assert closed == pytest.approx(0.08, abs=1e-6)
    assert progress.distance_left_m(path, pose(0.3, 0.8), near) == pytest.approx(0.0, abs=1e-6)


def test_following_pays_more_than_standing_or_leaving(make_reach, guide):
    returns = {}
    for name, speed in (("follow", 1.0), ("stand", 0.0), ("leave", -1.0)):
        env = DemoTrackingReward(VideoDemoWrapper(make_reach(), guide), gamma=0.97, trajectory_key="demo_path")
        env.reset(seed=3)
        aim = env.unwrapped.goal - env.unwrapped.place
        action = np.zeros(7)
        action[:3] = speed * aim / np.linalg.norm(aim) * 0.8
        returns[name] = sum(env.step(action)[4]["shaping_reward"] for _ in range(3))
    assert returns["follow"] > 0.2 > returns["stand"] > returns["leave"]


def test_the_potential_is_observed(reach, guide):
    env = DemoTrackingReward(VideoDemoWrapper(reach, guide), gamma=0.97, trajectory_key="demo_path")
    observation, _ = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    for _ in range(4):
        action = np.zeros(7)
        action[:3] = (reach.goal - reach.place) / 0.4
        observation, *_ = env.step(action)
        assert observation["demo_progress"][1] == pytest.approx(env.potential, abs=1e-6)
    assert observation["demo_progress"][0] > 0.2


def test_nothing_to_follow_is_no_reward(reach):
    env = DemoTrackingReward(VideoDemoWrapper(reach, None), gamma=0.97, trajectory_key="demo_path")
    env.reset(seed=3)
    rng = np.random.default_rng(0)
    assert all(env.step(rng.uniform(-1, 1, 7))[1] == 0 for _ in range(5))


def test_weight_zero_leaves_the_reward_alone(reach, guide):
    env = DemoTrackingReward(VideoDemoWrapper(reach, guide), gamma=0.97, trajectory_key="demo_path", weight=0)
    env.reset(seed=3)
    action, rewards, done = np.zeros(7), [], False
    while not done:
        action[:3] = (reach.goal - reach.place) / 0.05
        _, reward, done, _, _ = env.step(action)
        rewards.append(reward)
    assert rewards[-1] == 1
    assert not any(rewards[:-1])


def test_wrong_values_are_refused(reach, guide):
    with pytest.raises(InputError, match="demo_plan"):
        DemoTrackingReward(reach, gamma=0.9)
    with pytest.raises(ConfigError, match="gamma"):
        DemoTrackingReward(VideoDemoWrapper(reach, guide), gamma=1.5)
    with pytest.raises(ConfigError, match="reach_m"):
        TrajectoryProgress(reach_m=0)


def test_it_works_in_vectors(make_reach, guide):
    def make():
        return DemoTrackingReward(VideoDemoWrapper(make_reach(), guide), gamma=0.97, trajectory_key="demo_path")

    envs = gym.vector.SyncVectorEnv([make, make])
    envs.reset(seed=[0, 1])
    for _ in range(35):
        observation, reward, *_ = envs.step(np.ones((2, 7), np.float32) * 0.1)
        assert envs.observation_space.contains(observation)
        assert reward.shape == (2,)
    envs.close()

"""Goals along the path: what hindsight experience replay needs of them."""

import numpy as np
import pytest
from stable_baselines3 import SAC
from stable_baselines3.her import HerReplayBuffer

from ivg.errors import ConfigError, InputError
from ivg.policy.conditioning.goals import DemoGoalWrapper
from ivg.policy.conditioning.video_demo import VideoDemoWrapper


@pytest.fixture
def env(reach, guide):
    return DemoGoalWrapper(VideoDemoWrapper(reach, guide), trajectory_key="demo_path")


def test_the_reward_is_that_of_compute_reward(env, reach):
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    rows = []
    for _ in range(25):
        action = np.zeros(7)
        action[:3] = np.clip((observation["desired_goal"][:3] - reach.place) / 0.1, -1, 1)
        before = observation["desired_goal"]
        observation, reward, terminated, truncated, info = env.step(action)
        assert reward == env.compute_reward(observation["achieved_goal"], before, info)
        assert info["goal_reached"] == (reward == 0)
        rows.append((observation["achieved_goal"], before, reward))
        if terminated or truncated:
            break
    achieved, desired, rewards = (np.stack(column) for column in zip(*rows, strict=True))
    np.testing.assert_array_equal(env.compute_reward(achieved, desired, None), rewards)
    assert rewards[0] == -1 or len(rewards) == 1
    assert rewards[-1] == 0


def test_goals_are_waypoints_and_vary(env):
    goals = {tuple(np.round(env.reset(seed=seed)[0]["desired_goal"], 4)) for seed in range(8)}
    assert len(goals) == 8
    observation, _ = env.reset(seed=1)
    path = env.env._shown.arrays["demo_path"]
    assert np.abs(path[:, :3] - observation["desired_goal"][:3]).sum(1).min() < 1e-6


def test_a_sequence_of_goals_leads_to_the_end(reach, guide):
    env = DemoGoalWrapper(VideoDemoWrapper(reach, guide), trajectory_key="demo_path", schedule="sequence")
    observation, _ = env.reset(seed=2)
    seen, done = [], False
    while not done:
        aim = observation["desired_goal"][:3] - observation["achieved_goal"][:3]
        seen.append(observation["desired_goal"])
        observation, _, done, truncated, info = env.step(np.concatenate([aim / 0.05, np.zeros(4)]))
        assert not truncated
    assert info["is_success"]
    assert len(np.unique(np.round(seen, 4), axis=0)) > 3


def test_without_a_demonstration_the_goal_is_where_it_starts(reach):
    observation, _ = DemoGoalWrapper(VideoDemoWrapper(reach, None)).reset(seed=2)
    np.testing.assert_array_equal(observation["desired_goal"], observation["achieved_goal"])


def test_hindsight_replay_learns_on_it(env):
    learner = SAC(
        "MultiInputPolicy",
        env,
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4, "goal_selection_strategy": "future"},
        learning_starts=40,
        batch_size=16,
        buffer_size=500,
        policy_kwargs={"net_arch": [16]},
        device="cpu",
        seed=0,
    )
    learner.learn(90)
    batch = learner.replay_buffer.sample(64)
    goals, reached = batch.observations["desired_goal"].numpy(), batch.next_observations["achieved_goal"].numpy()
    np.testing.assert_array_equal(batch.rewards[:, 0].numpy(), env.compute_reward(reached, goals, None))
    assert (batch.rewards == 0).any()


def test_wrong_values_are_refused(reach, guide):
    with pytest.raises(InputError, match="did you mean 'sequence'"):
        DemoGoalWrapper(VideoDemoWrapper(reach, guide), schedule="sequences")
    with pytest.raises(InputError, match="demo_plan"):
        DemoGoalWrapper(reach)
    with pytest.raises(ConfigError, match="keys"):
        DemoGoalWrapper(VideoDemoWrapper(reach, guide), keys=[])

"""Wrappers of actions."""

import gymnasium as gym
import numpy as np
import pytest

from ivg.errors import ConfigError, InputError
from ivg.policy.rl.environment import FixedRotation, RepeatAction


def test_an_action_is_repeated_until_the_end(reach):
    env = RepeatAction(reach, 4)
    env.reset(seed=0)
    env.step(np.ones(7))
    assert reach.steps == 4
    for _ in range(6):
        *_, truncated, _ = env.step(np.zeros(7))
    assert truncated is (reach.steps == 30) is False
    *_, truncated, _ = env.step(np.zeros(7))
    assert truncated
    assert reach.steps == 30


def test_rewards_add_up(reach):
    env = RepeatAction(reach, 8)
    env.reset(seed=0)
    total, done = 0.0, False
    while not done:
        action = np.zeros(7)
        action[:3] = (reach.goal - reach.place) / 0.4
        _, reward, done, truncated, _ = env.step(action)
        total += reward
        assert not truncated
    assert total == 1
    with pytest.raises(ConfigError, match="once"):
        RepeatAction(reach, 0)


def test_the_gripper_keeps_its_orientation(reach):
    env = FixedRotation(reach)
    assert env.action_space.shape == (4,)
    np.testing.assert_array_equal(env.action(np.array([1, 2, 3, 4], np.float32)), [1, 2, 3, 0, 0, 0, 4])
    with pytest.raises(InputError, match="rotation"):
        FixedRotation(gym.make("Pendulum-v1"))

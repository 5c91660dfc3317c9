"""Pictures are rendered when they are read, and only then."""

from collections.abc import Mapping

import gymnasium as gym
import numpy as np
import pytest

from ivg.policy.evaluation import LazyImages, rollout


class World(gym.Env):
    """Leaves images out; counts how often it is rendered."""

    render_mode = "rgb_array"
    metadata = {"render_modes": ["rgb_array"]}
    observation_space = gym.spaces.Dict({"proprio": gym.spaces.Box(-1, 100, (1,), np.float32)})
    action_space = gym.spaces.Box(-1, 1, (7,), np.float32)

    def reset(self, *, seed=None, options=None):
        self.steps, self.rendered, self.asked = 0, 0, (seed, options)
        return self._observe(), {"text": "go"}

    def step(self, action):
        self.steps += 1
        return self._observe(), 0.5, False, self.steps >= 20, {"is_success": False}

    def render(self):
        self.rendered += 1
        return np.full((4, 4, 3), self.steps, np.uint8)

    def _observe(self):
        return {"proprio": np.full(1, self.steps, np.float32)}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def env(world):
    return LazyImages(world)


def test_a_image_that_is_read_is_rendered_once(env, world):
    observation, _ = env.reset(seed=1)
    first = observation["image"]
    assert observation["image"] is first
    assert world.rendered == 1
    assert (first == 0).all()
    observation, *_ = env.step(np.zeros(7))
    assert (observation["image"] == 1).all()
    assert world.rendered == 2


def test_a_image_that_is_not_read_is_not_rendered(env, world):
    observation, _ = env.reset()
    for step in range(5):
        assert observation["proprio"][0] == step
        assert "image" in set(observation)
        observation, *_ = env.step(np.zeros(7))
    assert world.rendered == 0


def test_the_image_of_an_earlier_step_cannot_be_read_any_more(env, world):
    unread, _ = env.reset()
    env.step(np.zeros(7))
    with pytest.raises(KeyError, match="not read in time"):
        unread["image"]
    assert unread["proprio"][0] == 0
    assert world.rendered == 0
    last, *_ = env.step(np.zeros(7))
    env.reset()
    with pytest.raises(KeyError, match="not read in time"):
        last["image"]


def test_a_image_that_was_read_stays(env):
    observation, _ = env.reset()
    image = observation["image"]
    env.step(np.zeros(7))
    assert observation["image"] is image
    assert (image == 0).all()


def test_an_observation_is_a_mapping_with_a_image(env):
    observation, _ = env.reset()
    assert isinstance(observation, Mapping)
    assert set(observation) == {"proprio", "image"}
    assert len(observation) == 2
    assert {key: value.shape for key, value in observation.items()} == {"proprio": (1,), "image": (4, 4, 3)}
    assert set(observation) == {"proprio", "image"}
    assert len(observation) == 2
    with pytest.raises(KeyError):
        observation["depth"]


def test_the_rest_passes_through(env, world):
    _, info = env.reset(seed=3, options={"task": "a"})
    assert world.asked == (3, {"task": "a"})
    assert info == {"text": "go"}
    assert env.step(np.zeros(7))[1:] == (0.5, False, False, {"is_success": False})


class OneInFour:
    """Looks at the image of every fourth step."""

    def reset(self, demonstration=None, text=None, seed=0):
        self.steps = 0

    def act(self, observation):
        if self.steps % 4 == 0:
            assert (observation["image"] == self.steps).all()
        self.steps += 1
        return np.zeros(7, np.float32)


def test_a_rollout_renders_what_its_policy_looks_at(env, world):
    assert rollout(env, OneInFour(), seed=0, max_steps=12).steps == 12
    assert world.rendered == 3

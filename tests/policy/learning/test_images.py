"""A policy that acts in chunks reads only the images that its predictions look at."""

import numpy as np
import pytest
import torch

from ivg.policy.learning import BehaviourCloningPolicy
from ivg.policy.learning.networks.image_encoder import resize_images


class Seen(dict):
    """An observation that tells when its image is read."""

    def __init__(self, step, read):
        rng = np.random.default_rng(step)
        super().__init__(
            proprio=np.concatenate([rng.random(3), [1, 0, 0, 0], rng.random(9)]).astype(np.float32),
            image=rng.integers(0, 256, (32, 32, 3), np.uint8),
        )
        self.step, self.read = step, read

    def __getitem__(self, key):
        if key == "image":
            self.read.append(self.step)
        return super().__getitem__(key)


@pytest.fixture
def new_policy(tiny):
    def build(**values):
        torch.manual_seed(0)
        config = tiny("behaviour_cloning", conditioning="none", n_action_steps=8, **values)
        return BehaviourCloningPolicy(config).eval()

    return build


def read_by(policy, steps):
    read = []
    for step in range(steps):
        policy.act(Seen(step, read))
    return read


def test_a_chunk_of_eight_reads_the_image_of_one_step_in_eight(new_policy):
    policy = new_policy()
    policy.reset()
    assert read_by(policy, 24) == [0, 8, 16]


def test_who_looks_at_two_images_reads_the_one_before_too(new_policy):
    policy = new_policy(image_steps=2)
    policy.reset()
    assert read_by(policy, 24) == [0, 7, 8, 15, 16, 23]


def test_a_new_episode_begins_with_a_image(new_policy):
    policy = new_policy()
    policy.reset()
    read_by(policy, 3)
    policy.reset()
    assert read_by(policy, 9) == [0, 8]


@pytest.mark.parametrize("image_steps", [1, 2])
def test_each_prediction_looks_at_the_latest_images(new_policy, monkeypatch, image_steps):
    policy, looked = new_policy(image_steps=image_steps), []
    predict = policy.predict

    def keep(observation, generator=None):
        looked.append(observation["image"][0].numpy())
        return predict(observation, generator)

    monkeypatch.setattr(policy, "predict", keep)
    policy.reset()
    read_by(policy, 17)
    shown = [resize_images(Seen(step, [])["image"], policy.config.image_size) for step in range(17)]
    for images, step in zip(looked, (0, 8, 16), strict=True):
        expected = [shown[max(step - back, 0)] for back in reversed(range(image_steps))]
        np.testing.assert_array_equal(images, np.stack(expected))

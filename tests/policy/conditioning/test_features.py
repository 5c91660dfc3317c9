"""The features extractor: any of the keys, the path as the gripper sees it, gradients to all of it."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from ivg.errors import InputError
from ivg.policy.conditioning.features import DemoFeaturesExtractor, from_gripper
from ivg.policy.conditioning.observation import demonstration_spaces
from ivg.policy.conditioning.tracking_reward import DemoTrackingReward
from ivg.policy.conditioning.video_demo import VideoDemoWrapper

SPACES = {
    "proprio": gym.spaces.Box(-1e4, 1e4, (16,), np.float32),
    "image": gym.spaces.Box(0, 255, (3, 40, 40), np.uint8),
    "demo_progress": gym.spaces.Box(-1, 1, (2,), np.float32),
    **demonstration_spaces(),
}


def batch(space, count=3, seed=0):
    torch.manual_seed(seed)
    return {key: torch.rand(count, *box.shape) for key, box in space.spaces.items()}


@pytest.mark.parametrize(
    "keys",
    [
        tuple(SPACES),
        ("proprio", "demo_path"),
        ("proprio", "demo_path", "demo_progress"),
        ("proprio", "demo_plan", "demo_progress"),
        ("demo_keypoints", "demo_present"),
        ("proprio", "image"),
        ("proprio",),
    ],
)
def test_any_of_the_keys_will_do(keys):
    space = gym.spaces.Dict({key: SPACES[key] for key in keys})
    extractor, observations = DemoFeaturesExtractor(space), batch(space)
    for value in observations.values():
        value.requires_grad_(True)
    features = extractor(observations)
    assert features.shape == (3, extractor.features_dim)
    features.square().sum().backward()
    assert all(value.grad.abs().sum() > 0 for value in observations.values() if value is not None)


def test_the_path_looks_the_same_wherever_the_scene_stands():
    space = gym.spaces.Dict({key: SPACES[key] for key in ("proprio", "demo_path", "demo_progress")})
    here = batch(space)
    there = {key: value.clone() for key, value in here.items()}
    shift = torch.tensor([0.3, -0.2, 0.1])
    there["demo_path"][..., :3] += shift
    there["proprio"][..., :3] += shift
    torch.manual_seed(0)
    extractor = DemoFeaturesExtractor(space)
    size = 2 + 16  # demo_progress and proprio pass as they are
    torch.testing.assert_close(extractor(here)[:, size:], extractor(there)[:, size:], rtol=1e-4, atol=1e-5)


def test_the_next_waypoints_are_shown():
    space = gym.spaces.Dict({key: SPACES[key] for key in ("proprio", "demo_path", "demo_progress")})
    observations, extractor = batch(space), DemoFeaturesExtractor(space, ahead=2)
    observations["demo_progress"][:, 0] = torch.tensor([0, 7 / 15, 1])
    shown = extractor(observations)[:, 18:26].reshape(3, 2, 4)
    path, own = observations["demo_path"], observations["proprio"]
    for row, places in enumerate(([0, 1], [7, 8], [15, 15])):
        torch.testing.assert_close(shown[row, :, :3], (path[row, places, :3] - own[row, :3]) * 10, rtol=1e-4, atol=1e-5)


def test_the_convolution_can_be_left_out():
    space = gym.spaces.Dict({key: SPACES[key] for key in ("proprio", "demo_path", "demo_progress")})
    light = DemoFeaturesExtractor(space, frame_features=0)
    assert light(batch(space)).shape == (3, light.features_dim) == (3, 16 + 2 + 4 * 3)
    assert not list(light.parameters())


def test_no_demonstration_stays_zeros():
    assert not from_gripper(torch.zeros(2, 16, 8), torch.rand(2, 16)).any()


def test_a_path_without_proprio_is_refused():
    with pytest.raises(InputError, match="proprio"):
        DemoFeaturesExtractor(gym.spaces.Dict({"demo_path": SPACES["demo_path"]}))


def test_sb3_trains_with_images_and_demonstrations(reach, guide):
    env = DemoTrackingReward(VideoDemoWrapper(reach, guide), gamma=0.97)
    kwargs = {"features_extractor_class": DemoFeaturesExtractor, "features_extractor_kwargs": {"image_features": 16}}
    learner = PPO("MultiInputPolicy", env, n_steps=16, batch_size=8, n_epochs=1, policy_kwargs=kwargs, device="cpu")
    before = {name: value.clone() for name, value in learner.policy.state_dict().items()}
    learner.learn(16)
    changed = [n for n, value in learner.policy.state_dict().items() if not torch.equal(value, before[n])]
    assert any("convolutions" in name for name in changed)
    assert any("image" in name for name in changed)

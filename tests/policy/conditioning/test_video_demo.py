"""The wrapper: a demonstration in the observation, made once for each scene, zeros where no hand is."""

from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from ivg.errors import InputError
from ivg.policy.conditioning import VideoDemoWrapper, fill_cache
from ivg.policy.conditioning.sources import GeneratedDemonstrations, PrecomputedDemonstrations
from ivg.policy.datasets import DEMONSTRATION_KEYS


def test_it_is_a_gymnasium_environment(reach, guide):
    env = VideoDemoWrapper(reach, guide)
    with pytest.warns(UserWarning, match="different from the unwrapped"):
        check_env(env, skip_render_check=True)


def test_the_scenes_demonstration_is_in_every_observation(reach, guide):
    env = VideoDemoWrapper(reach, guide)
    observation, info = env.reset(seed=5)
    assert env.observation_space.contains(observation)
    np.testing.assert_allclose(observation["demo_path"][-1, :3], reach.goal, atol=1e-6)
    assert (info["demo_found"], info["demo_seed"]) == (True, 5)
    later, _, _, _, info = env.step(np.zeros(7))
    assert later["demo_path"].tobytes() == observation["demo_path"].tobytes()
    assert info["demo_found"]
    assert guide.calls == [("go there", 5, (40, 40, 3))]


def test_a_reset_costs_nothing_twice(reach, guide):
    env = VideoDemoWrapper(reach, guide)
    for _ in range(3):
        for seed in (1, 2):
            env.reset(seed=seed)
    assert len(guide.calls) == 2
    assert (env.cache.hits, env.cache.misses) == (4, 2)


def test_the_cache_does_not_mix_up_sources(reach, make_guide, tmp_path):
    one, other = make_guide(fingerprint="one"), make_guide(fingerprint="other")
    for source in (one, other, one):
        VideoDemoWrapper(reach, source, cache=tmp_path).reset(seed=1)
    assert (len(one.calls), len(other.calls)) == (1, 1)


def test_no_hand_is_zeros_said_and_counted(reach, make_guide):
    env = VideoDemoWrapper(reach, make_guide(blind=[4]))
    observation, info = env.reset(seed=4)
    assert not info["demo_found"]
    assert not any(observation[key].any() for key in DEMONSTRATION_KEYS)
    env.reset(seed=4)
    env.reset(seed=5)
    assert (env.resets, env.not_found) == (3, 2)
    assert len(env.source.calls) == 2


def test_no_demonstration_is_zeros_and_no_failure(reach):
    env = VideoDemoWrapper(reach, None)
    observation, info = env.reset(seed=4)
    assert not observation["demo_path"].any()
    assert (info["demo_found"], env.not_found) == (False, 0)


def test_scenes_are_drawn_from_the_pool_and_repeat_by_seed(make_reach, guide):
    drawn = []
    for _ in range(2):
        env = VideoDemoWrapper(make_reach(), guide, seeds=[3, 4, 5])
        env.reset(seed=9)
        drawn.append([env.reset()[1]["demo_seed"] for _ in range(12)])
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {3, 4, 5}
    assert env.unwrapped.reset_seeds[1:] == drawn[1]


def test_without_a_pool_scenes_differ(reach, guide):
    env = VideoDemoWrapper(reach, guide)
    assert len({env.reset()[1]["demo_seed"] for _ in range(5)}) == 5


def test_the_image_may_be_rendered_at_resets_only(make_reach, guide):
    blind = make_reach(images=False)
    observation, _ = VideoDemoWrapper(blind, guide).reset(seed=5)
    assert "image" not in observation
    assert guide.calls == [("go there", 5, (40, 40, 3))]
    blind.render = lambda: None
    with pytest.raises(InputError, match="rgb_array"):
        VideoDemoWrapper(blind, guide).reset(seed=5)


def test_an_embedding_is_observed_and_cached(reach, guide, tmp_path):
    def middle(extracted):
        return extracted.trajectory.held()[:, :3].mean(0)

    def env():
        return VideoDemoWrapper(reach, guide, cache=tmp_path, keys=["demo_path"], embed=middle, embedding_size=3)

    with pytest.raises(InputError, match="fingerprint"):
        env().reset(seed=2)
    middle.fingerprint = {"embed": "middle"}
    for _ in range(2):
        made = env()
        observation, _ = made.reset(seed=2)
        assert made.observation_space.contains(observation)
        np.testing.assert_allclose(observation["demo_embedding"], observation["demo_path"][:, :3].mean(0), atol=1e-6)
        assert "demo_keypoints" not in observation
    assert len(guide.calls) == 1


def test_invalid_arguments_are_refused(reach, guide, make_reach):
    with pytest.raises(InputError, match="did you mean 'demo_path'"):
        VideoDemoWrapper(reach, guide, keys=["demo_paths"])
    with pytest.raises(InputError, match="Dict"):
        VideoDemoWrapper(gym.wrappers.FlattenObservation(reach), guide)
    with pytest.raises(InputError, match="seeds"):
        VideoDemoWrapper(reach, guide, seeds=[])
    for key, message in (("text", "text of the task"), ("camera", "metres")):
        env = make_reach()
        full = env._info
        env._info = lambda done, key=key, full=full: {k: v for k, v in full(done).items() if k != key}
        with pytest.raises(InputError, match=message):
            VideoDemoWrapper(env, guide).reset(seed=0)


def test_a_filled_cache_serves_processes_without_a_generator(make_reach, make_guide, tmp_path):
    guide, received = make_guide(blind=[2]), []
    parent = VideoDemoWrapper(make_reach(), guide, cache=tmp_path)
    assert fill_cache(parent, range(4), lambda *call: received.append(call)) == [0, 1, 3]
    assert received == [(0, True), (1, True), (2, False), (3, True)]
    worker = VideoDemoWrapper(make_reach(), PrecomputedDemonstrations(guide.fingerprint), cache=tmp_path)
    observation, _ = worker.reset(seed=3)
    np.testing.assert_allclose(observation["demo_path"][-1, :3], worker.unwrapped.goal, atol=1e-6)
    with pytest.raises(InputError, match="fill the cache"):
        worker.reset(seed=99)


def test_it_works_in_vectors(make_reach, guide, tmp_path):
    from functools import partial

    make = partial(_demonstrated_env, make_reach, guide, tmp_path)
    envs = gym.vector.SyncVectorEnv([make, make])
    observation, info = envs.reset(seed=[1, 2])
    assert observation["demo_path"].shape == (2, 16, 8)
    assert info["demo_seed"].tolist() == [1, 2]
    for _ in range(40):  # episodes end, and others begin
        observation, *_ = envs.step(np.zeros((2, 7), np.float32))
    assert envs.observation_space.contains(observation)
    envs.close()


def _demonstrated_env(make_reach, guide, folder):
    return VideoDemoWrapper(make_reach(), guide, cache=folder, seeds=range(4))


class StandIn:
    """A generator's stand-in: the hand of a clip that was rendered, or an empty clip."""

    weights_sha256 = "0" * 64

    rewriter = SimpleNamespace(provenance={"name": "none"})

    def __init__(self, clip, empty):
        self.clip, self.empty, self.calls = clip, empty, 0

    def __call__(self, frame, text, seed=0, appearance=None, steps=None):
        from ivg.policy import Demonstration

        self.calls += 1
        present = np.isfinite(self.clip.keypoints).all((2, 3)) & (not self.empty)
        keypoints = np.where(present[..., None, None], self.clip.keypoints, np.float32(np.nan))
        nowhere = np.zeros(self.clip.frames.shape[1:3], bool)
        return Demonstration(self.clip.frames, nowhere, keypoints, present, float(self.clip.fps))


@pytest.mark.parametrize("empty", [False, True])
def test_generated_demonstrations_are_lifted(human_clip, empty):
    from ivg.types import Camera

    size = human_clip.frames.shape[1]
    camera = Camera(human_clip.camera_K, human_clip.T_world_camera, size, size)
    source = GeneratedDemonstrations(StandIn(human_clip, empty), appearance=None)
    found = source(human_clip.frames[0], human_clip.text, 0, camera)
    assert source.fingerprint["weights"] == "0" * 64
    assert source.fingerprint["lifter"]["weights"] == "kitchen"
    if empty:
        assert found is None
    else:
        there = np.flatnonzero(found.trajectory.present)
        off = np.linalg.norm(found.trajectory.poses[there, :3] - human_clip.gripper_trajectory[there, :3], axis=1)
        assert np.median(off) < 0.02

"""Robot episodes made up for the tests: smooth images that are not square, numbers that tell step and seed."""

from dataclasses import fields

import numpy as np
import pytest

from ivg.policy.datasets import write_episodes

from ..made_up import made_up_episode

HEIGHT, WIDTH, FRAMES = 40, 48, 16


def images(count, seed, height=HEIGHT, width=WIDTH):
    """A bright square that moves over a slope of colour: a codec loses little."""
    y, x = np.mgrid[:height, :width]
    slope = np.stack([x * 3, y * 3, x + y + 20 * (seed % 5)], -1)
    shown = np.repeat(slope[None], count, 0).astype(np.uint8)
    for step in range(count):
        left = 4 + 2 * step % (width - 12)
        shown[step, 8:20, left : left + 8] = [230, 220, 40]
    return shown


def make_episode(seed=0, steps=12, height=HEIGHT, width=WIDTH, **changes):
    values = {
        "image": images(steps, seed, height, width),
        "demo_clip": images(FRAMES, seed + 7, height, width),
        "provenance": {"env": {"id": "ivg/Kitchen-v0", "camera_size": 40}, "nested": [1, None, {"a": 2.5}]},
    }
    return made_up_episode(seed, steps, (height, width), FRAMES, **{**values, **changes})


def assert_same(one, other, *, pictures_within=None):
    """The same episode to the last bit; pictures to a mean difference if one is given."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "image" and pictures_within is not None:
            assert np.abs(a.astype(int) - b).mean() < pictures_within
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b, field.name)
        else:
            assert a == b, field.name


@pytest.fixture
def make():
    return make_episode


@pytest.fixture
def same():
    return assert_same


@pytest.fixture(scope="session")
def episodes():
    """Three episodes of two tasks, one of them a failure."""
    return [make_episode(0), make_episode(1, 5, task="push_plate", success=False), make_episode(2, 8)]


@pytest.fixture
def dataset(tmp_path, episodes):
    return write_episodes(tmp_path / "our.zarr", episodes)


@pytest.fixture(scope="session")
def joined(episodes):
    """What every format should hold of these episodes, one step after the other."""
    frames = [episode.demo_frame for episode in episodes]
    names = ("image", "proprio", "action", "phase", "plan_phase")
    arrays = {name: np.concatenate([getattr(episode, name) for episode in episodes]) for name in names}
    pairs = list(zip(episodes, frames, strict=True))
    return {
        **arrays,
        "demo_path": np.concatenate([episode.demo_path[at] for episode, at in pairs]),
        "demo_keypoints": np.concatenate([episode.demo_keypoints[at].reshape(len(at), 84) for episode, at in pairs]),
        "demo_plan": np.concatenate([np.tile(e.demo_plan.reshape(1, 256), (len(at), 1)) for e, at in pairs]),
        "reward": np.array([0.0] * 11 + [1] + [0] * 5 + [0] * 7 + [1], np.float32),
    }

"""Datasets of robot episodes made up for the tests."""

import numpy as np
import pytest

from ivg.policy.datasets import write_episodes

from .made_up import made_up_episode


def numbered_episode(seed=0, steps=12, size=10, **changes):
    """An episode whose proprioception tells seed and step: proprio[i] is seed + i / 100."""
    proprio = np.full((steps, 16), seed, np.float32) + np.arange(steps, dtype=np.float32)[:, None] / 100
    action = np.linspace(-1, 1, steps * 7, dtype=np.float32).reshape(steps, 7)
    return made_up_episode(seed, steps, (size, size), **{"proprio": proprio, "action": action, **changes})


@pytest.fixture
def make_episode():
    return numbered_episode


@pytest.fixture
def dataset(tmp_path):
    """Three episodes of 12, 5 and 8 steps, of two tasks."""
    made = [numbered_episode(0), numbered_episode(1, 5, task="push_plate"), numbered_episode(2, 8)]
    return write_episodes(tmp_path / "d.zarr", made), made

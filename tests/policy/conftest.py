"""Demonstrations made up for the tests."""

import numpy as np
import pytest

from ivg.envs.human import HumanDemonstrator
from ivg.policy import Demonstration


def make_demonstration(seed=0, frames=16, height=20, width=28):
    rng = np.random.default_rng(seed)
    present = rng.random((frames, 2)) < 0.6
    keypoints = rng.normal(0.5, 0.3, (frames, 2, 21, 2)).astype(np.float32)
    keypoints[~present] = np.nan
    masks = rng.random((frames, height, width)) < 0.1
    return Demonstration(
        clip=rng.integers(0, 256, (frames, height, width, 3), np.uint8),
        region=masks.any(axis=0),
        keypoints=keypoints,
        present=present,
        fps=8.0,
        provenance={"prompt": "schneide die Möhre", "seed": seed, "nested": {"list": [1, 2.5, None, True]}},
        region_per_frame=masks,
        score=np.where(present, rng.random((frames, 2)), 0).astype(np.float32),
    )


@pytest.fixture
def demonstration():
    return make_demonstration()


@pytest.fixture
def make():
    return make_demonstration


@pytest.fixture(scope="session")
def human_clip():
    """A rendered clip with its ground truth; one hand acts."""
    demonstrator = HumanDemonstrator(128)
    clip = demonstrator.render("mug_to_plate", 3)
    demonstrator.close()
    return clip

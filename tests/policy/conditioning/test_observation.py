"""A demonstration as arrays: inside their spaces, zeros where nothing is."""

import numpy as np
import pytest

from ivg.policy.conditioning.observation import (
    arrays_of,
    demonstration_observation,
    demonstration_spaces,
    is_demonstration,
)
from ivg.policy.datasets import no_demonstration
from ivg.types import Camera

CAMERA = Camera(np.eye(3), np.eye(4), 40, 40)


def test_arrays_lie_in_their_spaces(guide):
    arrays = demonstration_observation(guide(np.zeros((40, 40, 3), np.uint8), "go", 3, CAMERA))
    spaces = demonstration_spaces()
    assert arrays.keys() == spaces.keys()
    assert all(spaces[key].contains(value) for key, value in arrays.items())
    assert is_demonstration(arrays)


def test_absent_hands_are_zeros_and_far_joints_are_drawn_in():
    keypoints = np.full((16, 2, 21, 2), np.nan)
    keypoints[:, 1] = 7.0
    present = np.zeros((16, 2), bool)
    present[2:, 1] = True
    arrays = arrays_of(keypoints, present, np.full((16, 8), 0.5), np.full((32, 8), 0.5))
    assert (arrays["demo_keypoints"][2:, 1] == 2.0).all()
    assert not arrays["demo_keypoints"][:, 0].any()
    assert not arrays["demo_keypoints"][:2].any()
    assert arrays["demo_present"].sum() == 14


@pytest.mark.parametrize("frames", [4, 16])
def test_nothing_is_zeros_of_the_same_shapes(frames):
    spaces, arrays = demonstration_spaces(frames), no_demonstration(frames)
    assert all(spaces[key].contains(value) and not value.any() for key, value in arrays.items())
    assert not is_demonstration(arrays)

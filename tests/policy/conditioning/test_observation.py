"""A demonstration as arrays: inside their spaces, zeros where nothing is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.policy.conditioning.observation import (
    PLAN_KEY,
    PLAN_POINTS,
    demonstration_observation,
    demonstration_spaces,
    is_demonstrated,
    plan_observation,
)
from ivg.policy.control import plan_gripper
from ivg.policy.datasets import no_demonstration
from ivg.types import Camera

CAMERA = Camera(np.eye(3), np.eye(4), 40, 40)


def test_arrays_lie_in_their_spaces(guide):
    arrays = demonstration_observation(guide(np.zeros((40, 40, 3), np.uint8), "go", 3, CAMERA))
    spaces = demonstration_spaces()
    assert arrays.keys() == spaces.keys()
    assert all(spaces[key].contains(value) for key, value in arrays.items())
    assert is_demonstrated(arrays["demo_path"])


def test_absent_hands_are_zeros_and_far_joints_are_clipped(guide):
    shown = guide(np.zeros((40, 40, 3), np.uint8), "go", 3, CAMERA)
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    keypoints[:, 1] = 7.0
    present = np.zeros((16, 2), bool)
    present[2:, 1] = True
    arrays = demonstration_observation(
        replace(shown, tracks=replace(shown.tracks, keypoints=keypoints, present=present))
    )
    assert (arrays["demo_keypoints"][2:, 1] == 2.0).all()
    assert not arrays["demo_keypoints"][:, 0].any()
    assert not arrays["demo_keypoints"][:2].any()
    assert arrays["demo_present"].sum() == 14


@pytest.mark.parametrize("frames", [4, 16])
def test_nothing_is_zeros_of_the_same_shapes(frames):
    spaces, arrays = demonstration_spaces(frames), no_demonstration(frames)
    assert all(spaces[key].contains(value) and not value.any() for key, value in arrays.items())
    assert not is_demonstrated(arrays["demo_path"])


def test_the_plan_of_a_hand_that_carries_a_mug(human_clip):
    hand = int(human_clip.side == "right")
    plan = plan_gripper(human_clip.joints_world_m[:, hand])
    poses = plan_observation(plan)
    assert demonstration_spaces()[PLAN_KEY].contains(poses)
    np.testing.assert_allclose(poses[[0, -1], :3], plan.pos_world_m[[0, -1]], atol=1e-5)
    assert plan.interaction_type == "grasp"
    assert (poses[0, 7], poses[-1, 7]) == (1, 1)
    assert poses[:, 7].min() == 0
    near = np.linalg.norm(poses[:, None, :3] - plan.pos_world_m[None], axis=-1).min(1)
    assert near.max() < 0.06
    turns = Rotation.from_quat(poses[:, [4, 5, 6, 3]])
    np.testing.assert_allclose(turns.apply([0, 0, 1]), np.tile([0, 0, -1], (PLAN_POINTS, 1)), atol=1e-6)
    yaw = np.arctan2(*turns.apply([0, 1, 0])[0, [1, 0]])
    assert abs(np.angle(np.exp(1j * (yaw - plan.yaw_rad[0])))) < 1e-5


def test_a_closing_takes_waypoints_of_its_own(human_clip):
    hand = int(human_clip.side == "right")
    poses = plan_observation(plan_gripper(human_clip.joints_world_m[:, hand]))
    closing = np.flatnonzero((poses[:, 7] > 0.01) & (poses[:, 7] < 0.99))
    assert len(closing) >= 2

"""What a gripper would do in the hand's place, as an array."""

import numpy as np
from scipy.spatial.transform import Rotation

from ivg.policy.conditioning.observation import PLAN_KEY, demonstration_spaces
from ivg.policy.conditioning.plan_observation import plan_array
from ivg.policy.control import plan_gripper
from ivg.policy.datasets import PLAN_POINTS


def test_the_plan_of_a_hand_that_carries_a_mug(human_clip):
    hand = int(human_clip.side == "right")
    plan = plan_gripper(human_clip.joints_world_m[:, hand])
    poses = plan_array(plan)
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
    poses = plan_array(plan_gripper(human_clip.joints_world_m[:, hand]))
    closing = np.flatnonzero((poses[:, 7] > 0.01) & (poses[:, 7] < 0.99))
    assert len(closing) >= 2

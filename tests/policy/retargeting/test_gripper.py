"""The gripper's path against the demonstrator's ground truth, and laws of its own."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.policy.hands3d.training.first_contact import evaluate_contact
from ivg.policy.retargeting import GripperTrajectory, contact_frames, gripper_trajectory
from ivg.policy.retargeting.gripper import FULL_OPENING_M, gripper_axes


@pytest.fixture(scope="module")
def joints(human_clip):
    """Of the acting hand, float32 (16, 21, 3)."""
    return human_clip.joints_world_m[:, 0 if human_clip.side == "left" else 1]


def test_the_demonstrators_path_is_found_again(human_clip, joints):
    path = gripper_trajectory(joints)
    assert path.present.tolist() == [False] + [True] * 15
    assert np.isnan(path.poses[0]).all()
    mine, truth = path.poses[1:], human_clip.gripper_trajectory[1:]
    np.testing.assert_allclose(mine[:, :3], truth[:, :3], atol=1e-6)
    cosine = np.abs((mine[:, 3:7] * truth[:, 3:7]).sum(-1))
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    np.testing.assert_allclose(mine[:, 7], truth[:, 7], atol=2e-3)
    assert path.hand_scale == pytest.approx(human_clip.hand_scale, rel=2e-3)


def test_axes_are_right_handed_and_turn_with_the_hand(joints):
    turn = Rotation.from_euler("xyz", [0.3, -0.7, 1.1]).as_matrix()
    axes = gripper_axes(joints[1:].astype(float))
    np.testing.assert_allclose(np.linalg.det(axes), 1, atol=1e-9)
    np.testing.assert_allclose(gripper_axes(joints[1:].astype(float) @ turn.T), turn @ axes, atol=1e-9)


def test_neighbouring_quaternions_have_one_sign(joints):
    spun = [joints[5] @ Rotation.from_euler("z", angle).as_matrix().T for angle in np.linspace(0, 2 * np.pi, 30)]
    quaternions = gripper_trajectory(np.stack(spun)).poses[:, 3:7]
    assert ((quaternions[1:] * quaternions[:-1]).sum(-1) > 0.9).all()
    np.testing.assert_allclose(np.linalg.norm(quaternions, axis=-1), 1, atol=1e-6)


def test_a_given_hand_scale_sets_the_opening(joints):
    path, known = gripper_trajectory(joints), gripper_trajectory(joints, hand_scale=1.2)
    tips = np.linalg.norm(joints[5, 4] - joints[5, 8])
    assert known.poses[5, 7] == pytest.approx(tips / 0.132, rel=1e-5)
    assert path.poses[5, 7] * FULL_OPENING_M * path.hand_scale == pytest.approx(tips, rel=1e-5)


def test_held_fills_what_is_absent(joints):
    lost = joints.copy()
    lost[[6, 7, 15]] = np.nan
    path = gripper_trajectory(lost)
    held = path.held()
    assert np.isfinite(held).all()
    np.testing.assert_allclose(held[path.present, :3], path.poses[path.present, :3])
    np.testing.assert_allclose(held[0], path.poses[1], atol=1e-6)
    np.testing.assert_allclose(held[15], path.poses[14], atol=1e-6)
    np.testing.assert_allclose(held[6, :3], (2 * path.poses[5, :3] + path.poses[8, :3]) / 3, atol=1e-6)
    halves = [np.abs(held[6, 3:7] @ held[i, 3:7]) for i in (5, 8)]
    np.testing.assert_allclose(np.arccos(min(halves[1], 1)), 2 * np.arccos(min(halves[0], 1)), atol=5e-3)


def test_one_frame_is_enough_to_hold(joints):
    alone = np.full_like(joints, np.nan)
    alone[4] = joints[4]
    held = gripper_trajectory(alone).held()
    np.testing.assert_allclose(held, np.tile(held[4], (16, 1)), atol=1e-6)


@pytest.mark.parametrize("shape", [(16, 21, 2), (21, 3), (16, 2, 21, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="joints_world_m must have shape"):
        gripper_trajectory(np.zeros(shape))


def test_a_clip_without_a_hand_has_no_path():
    with pytest.raises(InputError, match="no frame has a hand"):
        gripper_trajectory(np.full((4, 21, 3), np.nan))


def test_contact_by_position_begins_when_the_hand_touches(human_clip, joints):
    path = gripper_trajectory(joints)
    near = contact_frames(path, human_clip.grasp_point_world_m, reach_m=0.02)
    assert abs(int(near.argmax()) - int(human_clip.contact.argmax())) <= 1
    assert near.any()
    assert not near[:4].any()


def test_contact_by_place_may_follow_the_object(joints):
    path = gripper_trajectory(joints)
    beside = np.nan_to_num(path.poses[:, :3]) + np.float32([0.03, 0, 0])
    assert contact_frames(path, beside, reach_m=0.031).tolist() == path.present.tolist()
    assert not contact_frames(path, beside, reach_m=0.029).any()


def test_contact_by_closing():
    opening = np.float32([0.9, 0.9, 0.8, 0.5, 0.3, 0.3, 0.35, 0.8, 0.9])
    poses = np.zeros((9, 8), np.float32)
    poses[:, 3], poses[:, 7] = 1, opening
    present = np.ones(9, bool)
    present[[0, 4]] = False
    poses[[0, 4]] = np.nan
    closed = contact_frames(GripperTrajectory(poses, present, 1.0))
    assert closed.tolist() == [False, False, False, True, False, True, True, False, False]


@pytest.mark.parametrize("options", [{"reach_m": 0}, {"closing": -1}, {"object_pos_world_m": np.zeros((2, 3))}])
def test_impossible_requests_are_refused(options, joints):
    with pytest.raises(InputError, match=next(iter(options))):
        contact_frames(gripper_trajectory(joints), **options)


def moving(opening, along):
    """A path along x, with openings."""
    poses = np.zeros((len(opening), 8), np.float32)
    poses[:, 0], poses[:, 3], poses[:, 7] = along, 1, opening
    return GripperTrajectory(poses, np.ones(len(opening), bool), 1.0)


def test_a_hand_that_pushes_touches_from_its_pause_until_it_turns_back():
    along = np.float32([0.0, 0.1, 0.2, 0.21, 0.23, 0.26, 0.28, 0.25, 0.2])
    path = moving(np.full(9, 0.6, np.float32), along)
    assert contact_frames(path).tolist() == [False, False, True, True, True, True, True, False, False]
    assert not contact_frames(path, pushing=False).any()


def test_a_hand_that_rests_touches_nothing():
    assert not contact_frames(moving(np.full(9, 0.6, np.float32), np.zeros(9, np.float32))).any()


def test_contact_by_place_goes_on_until_the_hand_opens():
    opening = np.float32([0.8, 0.8, 0.5, 0.4, 0.4, 0.4, 0.6, 0.8])
    along = np.float32([0.0, 0.1, 0.14, 0.2, 0.3, 0.4, 0.4, 0.3])
    touching = contact_frames(moving(opening, along), np.array([0.2, 0, 0]))
    assert touching.tolist() == [False, False, False, True, True, True, False, False]
    assert not contact_frames(moving(opening, along), np.array([0.2, 0.1, 0])).any()


def test_contact_is_compared_with_the_truth():
    path = moving(np.float32([0.9, 0.9, 0.4, 0.4, 0.9, 0.9]), np.zeros(6, np.float32))
    truth = np.array([[False, False, False, True, True, False], [False] * 6])
    figures = evaluate_contact([path, None], truth)
    assert figures == {
        "opening": {"precision": 0.5, "recall": 0.5, "first_error": 1.0, "first_within_1": 1.0, "none": 0.0}
    }
    placed = evaluate_contact([path, None], truth, np.full((2, 3), 9.0))["place"]
    assert (placed["recall"], placed["none"]) == (0.0, 1.0)
    assert np.isnan(placed["precision"])


def test_the_demonstrators_contact_is_found(human_clip, joints):
    figures = evaluate_contact(
        [gripper_trajectory(joints)], human_clip.contact[None], human_clip.grasp_point_world_m[None]
    )
    for part in figures.values():
        assert part["first_within_1"] == 1
        assert min(part["precision"], part["recall"]) > 0.7

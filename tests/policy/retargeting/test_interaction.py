"""When and how a hand touches, of hands whose doings are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from ivg.policy.retargeting import gripper_trajectory
from ivg.policy.retargeting.interaction import find_interaction


def interaction_of(joints):
    path = gripper_trajectory(joints)
    filled = joints.copy()
    filled[0] = filled[1]
    return find_interaction(filled, path)


def test_a_hand_that_closes_carries_and_opens_grasps(made_up):
    joints = made_up.grasp_joints()
    found = interaction_of(joints)
    assert found.interaction_type == "grasp"
    assert (found.first, found.last, found.held_on) == (made_up.FIRST, made_up.LET_GO - 1, False)
    np.testing.assert_allclose(found.tool_world_m[1:], 0.5 * (joints[1:, 4] + joints[1:, 8]), atol=1e-9)
    np.testing.assert_allclose(found.direction, [0, 1], atol=1e-6)


def test_a_clip_that_ends_before_the_hand_opens_is_held_on(made_up):
    joints = made_up.grasp_joints()[: made_up.LET_GO]
    found = interaction_of(joints)
    assert (found.interaction_type, found.first, found.last, found.held_on) == (
        "grasp",
        made_up.FIRST,
        len(joints) - 1,
        True,
    )


@pytest.mark.parametrize(
    ("motion", "interaction_type"),
    [("push", "push"), ("drag", "drag"), ("scrub", "drag"), ("pull", "drag"), ("lift", "grasp")],
)
def test_the_interaction_type_of_a_straight_hand(made_up, motion, interaction_type):
    found = interaction_of(made_up.straight_joints(made_up.motion_of(motion)))
    assert (found.interaction_type, found.first, found.held_on) == (interaction_type, made_up.FIRST, True)
    assert np.linalg.norm(found.direction) == pytest.approx(1)


def test_the_direction_is_that_of_the_way_on_the_ground(made_up):
    directions = {
        way: interaction_of(made_up.straight_joints(made_up.motion_of(way))).direction for way in ("push", "pull")
    }
    np.testing.assert_allclose(directions["push"], [1, 0], atol=1e-6)
    np.testing.assert_allclose(directions["pull"], [-1, 0], atol=1e-6)


@pytest.mark.parametrize("angle", [0.4, 2.0, -1.3])
def test_what_a_hand_does_does_not_depend_on_where_it_is_turned_to(made_up, angle):
    turn = Rotation.from_euler("z", angle).as_matrix()
    shift = np.array([0.3, -0.2, 0.0])
    for joints in (made_up.grasp_joints(), *(made_up.straight_joints(made_up.motion_of(w)) for w in ("push", "drag"))):
        here, there = interaction_of(joints), interaction_of(joints @ turn.T + shift)
        facts = [(one.interaction_type, one.first, one.last, one.held_on) for one in (here, there)]
        assert facts[0] == facts[1]
        np.testing.assert_allclose(there.tool_world_m, here.tool_world_m @ turn.T + shift, atol=1e-9)
        np.testing.assert_allclose(there.direction, turn[:2, :2] @ here.direction, atol=1e-6)


def test_lost_frames_do_not_change_the_interaction(made_up):
    joints = made_up.grasp_joints()
    lost = joints.copy()
    lost[[3, 8]] = np.nan
    filled = joints.copy()
    filled[0] = filled[1]
    found = find_interaction(filled, gripper_trajectory(lost))
    assert (found.interaction_type, found.first, found.last) == ("grasp", made_up.FIRST, made_up.LET_GO - 1)


def test_a_hand_that_closed_between_two_frames_touches_at_the_lower_one(made_up):
    joints, first = made_up.grasp_joints(), made_up.FIRST
    place = 0.5 * (joints[first, 4] + joints[first, 8])
    joints[first - 1] += place - 0.5 * (joints[first - 1, 4] + joints[first - 1, 8])  # there, still open
    joints[first] += [0, 0, 0.02]  # closed, and on its way up
    assert interaction_of(joints).first == first - 1


def with_opening(made_up, opening):
    """The hand that grasps, with other openings; its pinch points stay."""
    joints = made_up.grasp_joints()
    pinch = 0.5 * (joints[:, 4] + joints[:, 8])
    pinch[0] = pinch[1]
    return made_up.perform(pinch, opening, made_up.DOWN)


@pytest.mark.parametrize("risen", [0.45, 0.7])
@pytest.mark.parametrize("frame", [8, 9, 10])
def test_a_hand_whose_opening_is_seen_wider_for_one_frame_does_not_let_go(made_up, frame, risen):
    opening = np.where(np.arange(made_up.FRAMES) < made_up.FIRST, 0.9, 0.2)
    opening[frame] = risen
    found = interaction_of(with_opening(made_up, opening)[: made_up.LET_GO])
    assert (found.interaction_type, found.first, found.held_on) == ("grasp", made_up.FIRST, True)
    opening[made_up.LET_GO :] = 0.9
    found = interaction_of(with_opening(made_up, opening))
    assert (found.first, found.last, found.held_on) == (made_up.FIRST, made_up.LET_GO - 1, False)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_noise_of_the_opening_changes_nothing(made_up, seed):
    opening = np.full(made_up.FRAMES, 0.9)
    opening[made_up.FIRST : made_up.LET_GO] = 0.25
    opening[made_up.FIRST + 1 :] += np.random.default_rng(seed).uniform(-0.1, 0.1, made_up.FRAMES - made_up.FIRST - 1)
    found = interaction_of(with_opening(made_up, opening))
    assert (found.last, found.held_on) == (made_up.LET_GO - 1, False)


def test_a_hand_that_opens_only_half_and_leaves_lets_go(made_up):
    opening = np.full(made_up.FRAMES, 0.9)
    opening[made_up.FIRST :] = 0.25
    opening[made_up.LET_GO :] = 0.6
    found = interaction_of(with_opening(made_up, opening))
    assert (found.last, found.held_on) == (made_up.LET_GO - 1, False)


def test_a_push_ends_where_the_finger_tips_are_farthest(made_up):
    way = made_up.motion_of("push")
    way[-3:] = way[-4] - np.arange(1, 4)[:, None] * [0.01, 0, 0]  # the hand draws back a little
    found = interaction_of(made_up.straight_joints(way))
    assert (found.interaction_type, found.last, found.held_on) == ("push", made_up.FRAMES - 4, False)


@pytest.mark.parametrize("step_m", [0.03, 0.06, 0.08])
def test_a_fast_hand_whose_opening_stays_holds_on(made_up, step_m):
    way = np.zeros_like(made_up.motion_of("push"))
    way[:, 1] = np.arange(len(way)) * step_m
    assert interaction_of(made_up.straight_joints(way)).held_on

"""Plans for a gripper: what holds for all, and what each interaction type asks for."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.policy.control import plan_demonstration, plan_gripper, planning
from ivg.policy.retargeting import interaction
from ivg.policy.retargeting.grasp_view import GraspView
from ivg.types import Camera


def joints_of(made_up, interaction_type):
    return (
        made_up.grasp_joints()
        if interaction_type == "grasp"
        else made_up.straight_joints(made_up.motion_of(interaction_type))
    )


def differ(one, other):
    """Difference of two closing directions, fingers alike, rad in [0, pi / 2]."""
    return abs((one - other + np.pi / 2) % np.pi - np.pi / 2)


@pytest.mark.parametrize("interaction_type", ["grasp", "drag", "push"])
def test_laws_of_all_plans(made_up, interaction_type):
    plan = plan_gripper(joints_of(made_up, interaction_type))
    assert plan.interaction_type == interaction_type
    assert (np.diff(plan.phase) >= 0).all()
    assert plan.phase.min() >= 0
    assert plan.phase.max() <= 1
    assert plan.phase[-1] == 1
    assert (plan.dwell_s >= 0).all()
    assert np.abs(np.diff(plan.yaw_rad)).max(initial=0) < np.pi / 2
    assert plan.pos_world_m[0, 2] > plan.pos_world_m[1, 2]  # it comes from above
    np.testing.assert_allclose(plan.pos_world_m[0, :2], plan.pos_world_m[1, :2], atol=1e-9)


def test_a_grasp_closes_where_the_hand_closes_and_opens_where_it_opens(made_up):
    joints = made_up.grasp_joints()
    plan = plan_gripper(joints)
    pinch = 0.5 * (joints[:, 4] + joints[:, 8])
    closed = np.flatnonzero(plan.closed)
    assert (np.diff(closed) == 1).all()
    assert not plan.closed[[0, -1]].any()
    np.testing.assert_allclose(plan.pos_world_m[closed[0], :2], pinch[made_up.FIRST, :2], atol=1e-6)
    np.testing.assert_allclose(plan.pos_world_m[closed[-1], :2], pinch[made_up.LET_GO - 1, :2], atol=1e-6)
    assert plan.dwell_s[closed[0]] > 0
    assert plan.dwell_s[closed[-1] + 1] > 0
    assert plan.phase[closed[0]] == pytest.approx(made_up.FIRST / (made_up.FRAMES - 1))
    raised = np.ptp(pinch[made_up.FIRST : made_up.LET_GO, 2])
    assert np.ptp(plan.pos_world_m[closed, 2]) == pytest.approx(raised, abs=0.01)
    assert plan.pos_world_m[closed[0], 2] > 0


def test_a_grasp_closes_along_the_hand(made_up):
    plan = plan_gripper(made_up.grasp_joints())
    assert differ(plan.yaw_rad, 0.0).max() < 1e-6


def test_a_push_is_closed_starts_behind_and_goes_the_way(made_up):
    plan = plan_gripper(joints_of(made_up, "push"))
    assert plan.closed.all()
    tips = made_up.straight_joints(made_up.motion_of("push"))[made_up.FIRST, [8, 12, 16]].mean(0)
    assert plan.pos_world_m[1, 0] < tips[0]
    farthest = made_up.motion_of("push")[-1, 0] + planning.FOLLOW_THROUGH_M
    assert plan.pos_world_m[:, 0].max() - tips[0] == pytest.approx(farthest, abs=1e-6)
    np.testing.assert_allclose(plan.pos_world_m[-1, :2], plan.pos_world_m[-2, :2], atol=1e-9)  # then it goes up
    assert plan.pos_world_m[-1, 2] > plan.pos_world_m[-2, 2]
    assert differ(plan.yaw_rad, np.pi / 2).max() < 1e-6  # its broad side ahead


def test_a_drag_closes_across_the_way(made_up):
    plan = plan_gripper(joints_of(made_up, "pull"))
    assert plan.interaction_type == "drag"
    assert plan.closed[-1]
    assert not plan.closed[0]
    assert differ(plan.yaw_rad, 0.0).max() < 1e-6


def test_a_way_without_an_end_is_gone_as_often_as_asked(made_up):
    joints = joints_of(made_up, "push")
    once, thrice = plan_gripper(joints, repeats=1), plan_gripper(joints, repeats=3)
    way = len(once) - 4  # the last two go beyond and up
    assert len(thrice) == len(once) + 2 * way
    np.testing.assert_allclose(thrice.pos_world_m[2 + way : 2 + 2 * way], once.pos_world_m[2:-2])
    grasp = made_up.grasp_joints()
    assert len(plan_gripper(grasp, repeats=1)) == len(plan_gripper(grasp, repeats=3))


@pytest.mark.parametrize("interaction_type", ["grasp", "drag", "push"])
@pytest.mark.parametrize("angle", [0.5, -2.2])
def test_a_turned_world_turns_the_plan(made_up, interaction_type, angle):
    joints, turn = joints_of(made_up, interaction_type), Rotation.from_euler("z", angle).as_matrix()
    here, there = plan_gripper(joints), plan_gripper(joints @ turn.T)
    np.testing.assert_allclose(there.pos_world_m, here.pos_world_m @ turn.T, atol=1e-6)
    assert differ(there.yaw_rad, here.yaw_rad + angle).max() < 1e-5
    np.testing.assert_allclose(there.phase, here.phase)


def test_lost_frames_are_filled(made_up):
    joints = made_up.grasp_joints()
    whole = plan_gripper(joints)
    joints[3] = np.nan
    lost = plan_gripper(joints)
    assert lost.interaction_type == whole.interaction_type
    np.testing.assert_allclose(lost.pos_world_m, whole.pos_world_m, atol=1e-6)


def test_a_thin_thing_is_closed_across_on_its_middle_line(made_up, monkeypatch):
    asked = []

    def see(frame, camera, point):
        asked.append(point)
        return GraspView(np.array([0.01, -0.02]), 0.7, 0.1, 0.02, 0.0)

    monkeypatch.setattr(planning, "grasp_view", see)
    joints = made_up.grasp_joints()
    camera = Camera(np.eye(3), np.eye(4), 8, 8)
    frame = np.zeros((8, 8, 3), np.uint8)
    blind, seeing = plan_gripper(joints), plan_gripper(joints, frame, camera)
    shift = seeing.pos_world_m - blind.pos_world_m
    np.testing.assert_allclose(shift, np.tile([0.01, -0.02, 0], (len(shift), 1)), atol=1e-9)
    assert differ(seeing.yaw_rad[0], 0.7) < 1e-6
    np.testing.assert_allclose(asked, [0.5 * (joints[made_up.FIRST, 4] + joints[made_up.FIRST, 8])], atol=1e-9)
    plan_gripper(joints_of(made_up, "push"), frame, camera)
    assert len(asked) == 1  # who pushes does not look


def test_a_twist_on_the_spot_turns_the_gripper_the_same_way_and_not_less(made_up):
    place = np.array([0.1, 0.0, 0.03])
    pinch = np.concatenate([np.linspace([-0.2, -0.2, 0.3], place, 7)[:-1], np.tile(place, (10, 1))])
    opening = np.where(np.arange(16) < 6, 0.9, 0.2)
    angles = np.concatenate([np.zeros(6), np.linspace(0, 0.8, 10)])
    axes = np.stack([Rotation.from_euler("z", angle).as_matrix() @ made_up.DOWN for angle in angles])
    plan = plan_gripper(made_up.perform(pinch, opening, axes), repeats=1)
    assert plan.interaction_type == "grasp"
    assert plan.yaw_rad[plan.closed][-1] - plan.yaw_rad[plan.closed][0] >= 0.8 - 1e-6


def twisting(made_up, carried, angles):
    """A hand that comes, closes at (0.1, 0, 0.03), turns and goes on as `carried` (10, 3) says."""
    place = np.array([0.1, 0.0, 0.03])
    axes = np.stack([Rotation.from_euler("z", angle).as_matrix() @ made_up.DOWN for angle in angles])
    come, opening = np.linspace([-0.2, -0.2, 0.3], place, 7)[:-1], np.where(np.arange(16) < 6, 0.9, 0.2)
    return made_up.perform(np.concatenate([come, place + carried]), opening, axes)


@pytest.mark.parametrize(("turn", "turned"), [(0.4, 0.4 * interaction.TWIST_GAIN), (0.9, interaction.MAX_TWIST_RAD)])
def test_a_twist_on_the_spot_stays_on_the_spot_and_goes_farther_than_the_hand(made_up, turn, turned):
    jitter = 0.004 * np.random.default_rng(0).normal(size=(10, 3))
    angles = np.concatenate([np.zeros(6), np.linspace(0, turn, 10)])
    plan = plan_gripper(twisting(made_up, jitter, angles), repeats=1)
    assert plan.interaction_type == "grasp"
    held = plan.pos_world_m[plan.closed]
    assert np.ptp(plan.yaw_rad[plan.closed]) == pytest.approx(turned, rel=0.06)
    np.testing.assert_allclose(held[-1, :2] - held[0, :2], 0, atol=1e-6)


def test_what_is_carried_is_not_turned(made_up):
    carried, angles = np.linspace(0, 0.2, 10)[:, None] * [0, 1, 0], np.concatenate([np.zeros(6), np.linspace(0, 1, 10)])
    plan = plan_gripper(twisting(made_up, carried, angles), repeats=1)
    assert np.ptp(plan.yaw_rad[plan.closed]) == pytest.approx(0, abs=1e-9)
    held = plan.pos_world_m[plan.closed]
    np.testing.assert_allclose(held[-1, :2] - held[0, :2], [0, 0.2], atol=1e-6)


def test_what_is_lifted_goes_straight_up_before_it_goes_aside(made_up):
    slanting = np.linspace(0, 1, 10)[:, None] * [0, 0.2, 0.08]
    plan = plan_gripper(twisting(made_up, slanting, np.zeros(16)), repeats=1)
    held = plan.pos_world_m[plan.closed] - plan.pos_world_m[plan.closed][0]
    low = held[:, 2] < planning.LIFT_M - 1e-6
    assert low.any()
    np.testing.assert_allclose(held[low, :2], 0, atol=1e-9)
    assert (np.diff(held[:, 2]) > -1e-6).all()
    np.testing.assert_allclose(held[-1], [0, 0.2, 0.08], atol=1e-6)


@pytest.mark.parametrize("seen_m", [0.01, 0.035])
def test_a_hand_that_goes_round_is_followed_on_a_circle_that_is_wide_enough(made_up, seen_m):
    angle = np.linspace(0, 2.2 * np.pi, 10)
    jitter = 0.15 * seen_m * np.random.default_rng(1).normal(size=(10, 2))
    round_it = np.c_[seen_m * np.stack([np.cos(angle) - 1, np.sin(angle)], 1) + jitter, np.zeros(10)]
    plan = plan_gripper(twisting(made_up, round_it, np.zeros(16)), repeats=1)
    way = plan.pos_world_m[plan.closed][1:, :2]
    middle = 0.5 * (way.max(0) + way.min(0))
    radius = np.linalg.norm(way - middle, axis=1)
    assert radius.mean() == pytest.approx(max(seen_m, interaction.STIR_RADIUS_M), rel=0.15)
    assert np.ptp(radius) < 0.15 * radius.mean()
    turns = np.unwrap(np.arctan2(*(way - middle).T[::-1]))
    assert turns[-1] - turns[0] >= 2 * np.pi * 1.05  # the same way round as the hand


def test_to_and_fro_is_no_circle(made_up):
    saw = np.c_[0.02 * np.sin(np.arange(10)), np.zeros((10, 2))]
    plan = plan_gripper(twisting(made_up, saw, np.zeros(16)), repeats=1)
    assert np.ptp(plan.pos_world_m[plan.closed][:, 1]) < 1e-6


@pytest.mark.parametrize("found", [True, False, None])
def test_only_a_hand_that_was_not_moved_onto_a_thing_needs_the_image(made_up, monkeypatch, found):
    asked = []
    monkeypatch.setattr(planning, "grasp_view", lambda *given: asked.append(given))
    clip, camera = np.zeros((16, 8, 8, 3), np.uint8), Camera(np.eye(3), np.eye(4), 8, 8)
    shown = SimpleNamespace(
        joints_world_m=made_up.grasp_joints(),
        contact=None if found is None else SimpleNamespace(found=found, deeper_m=0.02),
        demonstration=SimpleNamespace(clip=clip),
        camera=camera,
    )
    plan = plan_demonstration(shown)
    assert len(asked) == (0 if found else 1)
    assert all(np.shares_memory(frame, clip[0]) and one is camera for frame, one, _ in asked)
    deeper_m = 0.02 if found else None
    np.testing.assert_array_equal(plan.pos_world_m, plan_gripper(shown.joints_world_m, deeper_m=deeper_m).pos_world_m)


@pytest.mark.parametrize("deeper_m", [-0.01, 0.0, 0.03])
def test_a_gripper_holds_as_deep_as_is_asked(made_up, deeper_m):
    joints = made_up.grasp_joints()
    shifts = plan_gripper(joints, deeper_m=deeper_m).pos_world_m - plan_gripper(joints, deeper_m=0.0).pos_world_m
    np.testing.assert_allclose(shifts, np.broadcast_to([0, 0, -deeper_m], shifts.shape), atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((16, 20, 3), {}, r"joints_world_m must have shape \(t, 21, 3\) with t > 1, got \(16, 20, 3\)"),
        ((1, 21, 3), {}, r"with t > 1, got \(1, 21, 3\)"),
        ((16, 21, 3), {"repeats": 0}, "repeats must be 1 or more, got 0"),
        ((16, 21, 3), {"deeper_m": np.nan}, "deeper_m must be finite, got nan"),
        ((16, 21, 3), {"frame": np.zeros((4, 4, 3), np.uint8)}, "frame and camera must be given together"),
    ],
)
def test_what_cannot_be_planned_is_refused(shape, options, message):
    with pytest.raises(InputError, match=message):
        plan_gripper(np.zeros(shape), **options)


def test_a_clip_without_a_hand_is_refused():
    with pytest.raises(InputError, match="no frame has a hand"):
        plan_gripper(np.full((16, 21, 3), np.nan))

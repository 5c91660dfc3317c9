"""Hands beside things on a table: who is moved onto them, and how."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.control import plan_gripper
from ivg.policy.retargeting import interaction_of
from ivg.policy.retargeting.refinement import refine_contact
from ivg.policy.retargeting.refinement.contact import AHEAD_M, HOOKED
from ivg.policy.retargeting.refinement.grasp_search import WORST
from ivg.policy.sampling import GOOD_CONTACT

PLACE = np.array([0.1, 0.0, 0.03])


@pytest.fixture(scope="module")
def camera(table):
    return table.camera_at(PLACE)


@pytest.fixture(scope="module", params=[1.2, 1.9, 2.4])
def bar(table, request):
    return table.Box((0.1, 0.0), 0.12, 0.024, 0.035, request.param)


def pinch_of(joints):
    return 0.5 * (joints[:, 4] + joints[:, 8])


def beside(bar, metres):
    """A place beside the bar's middle."""
    return PLACE + metres * np.array([-np.sin(bar.angle), np.cos(bar.angle), 0])


@pytest.mark.parametrize("away", [-0.02, 0.015])
def test_a_grasping_hand_is_moved_onto_a_bar(table, camera, bar, away):
    joints = table.grasp_at(beside(bar, away))
    contact = refine_contact(joints, table.depth_of([bar], camera), camera)
    assert (contact.interaction_type, contact.found) == ("grasp", True)
    assert contact.joints_world_m.dtype == np.float32
    along, off = bar.own(pinch_of(contact.joints_world_m)[table.FIRST, :2])
    assert abs(off) < 0.006
    assert abs(along) < 0.015
    offset = np.broadcast_to(contact.offset_m, (15, 3))
    np.testing.assert_allclose(pinch_of(contact.joints_world_m - joints)[1:], offset, atol=1e-5)
    assert np.isnan(contact.joints_world_m[0]).all()


def test_it_is_turned_so_that_it_closes_across_the_bar(table, camera, bar):
    joints = table.grasp_at(beside(bar, 0.015))
    contact = refine_contact(joints, table.depth_of([bar], camera), camera)
    before, after = (interaction_of(hand)[1][table.FIRST] for hand in (joints, contact.joints_world_m))
    assert table.differ(after, before + contact.turn_rad) < 1e-3
    assert table.differ(after, bar.angle + np.pi / 2) < 0.45
    assert table.differ(after, bar.angle + np.pi / 2) < table.differ(before, bar.angle + np.pi / 2) + 0.1
    sizes = [np.linalg.norm(hand[1:, 4] - hand[1:, 0], axis=-1) for hand in (joints, contact.joints_world_m)]
    np.testing.assert_allclose(sizes[0], sizes[1], atol=1e-5)  # the hand itself stays as it was


def test_the_plan_of_the_moved_hand_closes_on_the_bar(table, camera, bar):
    joints = table.grasp_at(beside(bar, 0.02))
    contact = refine_contact(joints, table.depth_of([bar], camera), camera)
    plan = plan_gripper(contact.joints_world_m, deeper_m=contact.deeper_m)
    first = int(np.flatnonzero(plan.closed)[0])
    assert abs(bar.own(plan.pos_world_m[first, :2])[1]) < 0.006
    assert 0 < plan.pos_world_m[first, 2] < bar.height
    assert table.differ(plan.yaw_rad[first], bar.angle + np.pi / 2) < 0.45


@pytest.mark.parametrize("height", [0.0, 0.012, 0.02, 0.03, 0.045])
def test_the_gripper_closes_at_the_height_of_the_grasp_that_was_found(table, camera, height):
    board = table.Box((0.1, 0.0), 0.2, 0.2, 0.03)
    bar = table.Box((0.1, 0.0), 0.12, 0.024, 0.06, 1.57)
    depth = table.depth_of([board, bar], camera)
    contact = refine_contact(table.grasp_at([0.105, 0.0, height]), depth, camera)
    plan = plan_gripper(contact.joints_world_m, deeper_m=contact.deeper_m)
    closes = plan.pos_world_m[int(np.flatnonzero(plan.closed)[0]), 2]
    assert board.height + 0.005 < closes < bar.height - 0.007


@pytest.mark.parametrize(("height", "kept"), [(0.0, 0.03), (0.035, 0.035), (0.045, 0.045), (0.07, 0.052)])
def test_a_grasping_hand_keeps_its_height_if_it_can_hold_the_thing_there(table, camera, height, kept):
    bar = table.Box((0.1, 0.0), 0.12, 0.024, 0.06, 1.57)
    contact = refine_contact(table.grasp_at([0.105, 0.0, height]), table.depth_of([bar], camera), camera)
    pinch = pinch_of(contact.joints_world_m)[table.FIRST, 2]
    assert pinch == pytest.approx(kept, abs=0.003)
    assert contact.as_json["deeper_m"] == pytest.approx(contact.deeper_m, abs=1e-4)


def test_a_pushing_hand_that_would_pass_over_a_thing_is_lowered(table, camera):
    plate = table.Box((0.15, 0.0), 0.08, 0.1, 0.02)
    contact = refine_contact(table.push_at([0.1, 0.0, 0.03]), table.depth_of([plate], camera), camera)
    assert contact.interaction_type == "push"
    np.testing.assert_allclose(contact.offset_m, [0, 0, -0.018], atol=0.003)


def test_a_dragging_hand_is_moved_and_not_turned(table, camera):
    sponge = table.Box((0.1, 0.0), 0.08, 0.03, 0.04)  # along x: the hand drags along y
    joints = table.drag_at([0.1, 0.015, 0.02])
    contact = refine_contact(joints, table.depth_of([sponge], camera), camera)
    assert (contact.interaction_type, contact.found, contact.turn_rad) == ("drag", True, 0.0)
    assert contact.offset_m[1] == pytest.approx(-0.015, abs=0.007)
    offset = np.broadcast_to(contact.offset_m, (15, 21, 3))
    np.testing.assert_allclose((contact.joints_world_m - joints)[1:], offset, atol=1e-5)


def test_a_pushing_hand_stays_and_costs_the_more_the_farther_it_is_from_what_it_pushes(table, camera):
    joints, costs = table.push_at([0.1, 0.0, 0.03]), []
    for gap in (0.005, 0.02, 0.04):
        box = table.Box((0.1 + gap + 0.03, 0.0), 0.06, 0.1, 0.06)
        contact = refine_contact(joints, table.depth_of([box], camera), camera)
        np.testing.assert_array_equal(contact.joints_world_m, joints.astype(np.float32))
        assert (contact.interaction_type, contact.found, contact.turn_rad) == ("push", True, 0.0)
        assert not contact.offset_m.any()
        costs.append(contact.cost)
    assert costs[0] < 1 < costs[1] < costs[2] < WORST
    too_far = table.Box((0.1 + AHEAD_M + 0.05, 0.0), 0.06, 0.1, 0.06)
    assert not refine_contact(joints, table.depth_of([too_far], camera), camera).found


@pytest.mark.parametrize("interaction_type", ["grasp", "drag", "push"])
@pytest.mark.parametrize("known", [True, False], ids=["bare table", "nothing seen"])
def test_where_there_is_nothing_the_hand_stays(table, camera, interaction_type, known):
    joints = getattr(table, f"{interaction_type}_at")([0.1, 0.0, 0.03])
    depth = table.depth_of([], camera) if known else np.full((64, 64), np.nan)
    contact = refine_contact(joints, depth, camera)
    assert (contact.interaction_type, contact.cost, contact.found) == (interaction_type, WORST, False)
    np.testing.assert_array_equal(contact.joints_world_m, joints.astype(np.float32))
    assert not contact.offset_m.any()


def test_the_nearer_hand_costs_less(table, camera):
    bar = table.Box((0.1, 0.0), 0.12, 0.024, 0.035, 1.57)
    depth = table.depth_of([bar], camera)
    costs = [refine_contact(table.grasp_at(beside(bar, away)), depth, camera).cost for away in (0.0, 0.015, 0.03)]
    assert costs[0] < costs[1] < costs[2]


def test_what_is_kept_of_it_is_plain(table, camera):
    kept = refine_contact(table.push_at([0.1, 0.0, 0.03]), table.depth_of([], camera), camera).as_json
    assert kept == {"manner": "push", "offset_m": [0.0, 0.0, 0.0], "turn_rad": 0.0, "cost": WORST, "deeper_m": None}


def test_what_cannot_be_moved_is_refused(table, camera):
    depth = table.depth_of([], camera)
    with pytest.raises(InputError, match="no frame has a hand"):
        refine_contact(np.full((16, 21, 3), np.nan), depth, camera)
    with pytest.raises(InputError, match="joints_world_m must have shape"):
        refine_contact(np.zeros((16, 20, 3)), depth, camera)
    with pytest.raises(InputError, match="depth_m must have shape"):
        refine_contact(table.grasp_at(PLACE), depth[None], camera)


def test_a_dragging_hand_may_hook_what_fingers_cannot_close_round(table, camera):
    slab, costs = table.Box((0.1, 0.0), 0.2, 0.12, 0.05), []
    for y in (0.06, 0.075):  # its side is at 0.06
        joints = table.drag_at([0.1, y, 0.03])
        contact = refine_contact(joints, table.depth_of([slab], camera), camera)
        assert (contact.interaction_type, contact.found) == ("drag", True)
        np.testing.assert_array_equal(contact.joints_world_m, joints.astype(np.float32))
        costs.append(contact.cost)
    assert HOOKED <= costs[0] < costs[1] < GOOD_CONTACT
    grasp = refine_contact(table.grasp_at([0.1, 0.075, 0.03]), table.depth_of([slab], camera), camera)
    assert not grasp.found

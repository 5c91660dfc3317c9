"""Grasps from above of things whose heights are known exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivg.policy.retargeting.refinement import HeightMap, find_grasp
from ivg.policy.retargeting.refinement.grasp_search import (
    FINGER_M,
    FREE_M,
    LEAST_GRIP_M,
    OPENING_M,
    PAD_M,
    SEARCH_M,
    WORST,
)

ANGLES = st.floats(0, np.pi)
YAWS = st.floats(-np.pi, np.pi)
SHIFTS = st.tuples(st.floats(-0.012, 0.012), st.floats(-0.012, 0.012))
few = settings(max_examples=20, deadline=None, derandomize=True)


@few
@given(angle=ANGLES, yaw=YAWS, shift=SHIFTS)
def test_a_bar_of_any_direction_is_closed_across_on_its_middle(table, angle, yaw, shift):
    bar = table.Box((0.1, -0.05), 0.12, 0.022, 0.04, angle)
    point = np.array([0.1 + shift[0], -0.05 + shift[1], 0.025])
    grasp = find_grasp(table.map_of([bar], point[:2]), point, yaw)
    askew = table.differ(grasp.yaw_rad, angle + np.pi / 2)
    assert askew < 0.05, "across the bar, whatever the hand's way"
    assert abs(grasp.yaw_rad - yaw) <= np.pi / 2 + 0.36
    along, off = bar.own(grasp.pos_world_m[:2])
    assert abs(off) < 0.0025
    assert abs(along - bar.own(point[:2])[0]) < 0.01, "along the bar it stays where it was asked for"
    assert grasp.width_m == pytest.approx(bar.width, abs=0.006)
    assert 0 < grasp.pos_world_m[2] <= bar.height - LEAST_GRIP_M
    assert 0 <= grasp.cost < WORST


@few
@given(yaw=YAWS, shift=SHIFTS, width=st.floats(0.015, 0.05))
def test_a_round_post_is_closed_on_its_middle_near_to_the_hand_s_direction(table, yaw, shift, width):
    post = table.Post((0.0, 0.0), width, 0.06)
    point = np.array([*shift, 0.03])
    grasp = find_grasp(table.map_of([post], point[:2]), point, yaw)
    np.testing.assert_allclose(grasp.pos_world_m[:2], 0, atol=0.007)
    assert abs(grasp.yaw_rad - yaw) < 0.6
    assert grasp.width_m == pytest.approx(width, abs=0.008)


@few
@given(angle=ANGLES, yaw=YAWS)
def test_a_thing_wider_than_the_opening_is_not_grasped(table, angle, yaw):
    slab = table.Box((0.0, 0.0), 0.2, OPENING_M + 0.02, 0.04, angle)
    assert find_grasp(table.map_of([slab]), np.array([0.0, 0.0, 0.02]), yaw) is None


def test_with_nothing_near_there_is_no_grasp(table):
    bar = table.Box((0.0, SEARCH_M + 0.025), 0.12, 0.02, 0.04)
    point = np.array([0.0, 0.0, 0.02])
    assert find_grasp(table.map_of([]), point, 0.0) is None
    assert find_grasp(table.map_of([bar]), point, 0.0) is None
    nothing_seen = HeightMap(np.full((81, 81), np.nan), np.full(2, -0.12))
    assert find_grasp(nothing_seen, point, 0.0) is None


def test_a_thing_too_flat_to_hold_is_not_grasped(table):
    flat = table.Box((0.0, 0.0), 0.12, 0.02, LEAST_GRIP_M - 0.002)
    assert find_grasp(table.map_of([flat]), np.array([0.0, 0.0, 0.005]), 0.0) is None


@few
@given(yaw=st.floats(-0.4, 0.4), shift=SHIFTS)
def test_who_may_not_turn_keeps_the_direction(table, yaw, shift):
    bar = table.Box((0.0, 0.0), 0.12, 0.02, 0.04, angle=np.pi / 2)
    point = np.array([*shift, 0.02])
    grasp = find_grasp(table.map_of([bar], point[:2]), point, yaw, turn=False)
    assert grasp.yaw_rad == yaw
    assert abs(grasp.pos_world_m[0]) < 0.008
    assert find_grasp(table.map_of([bar], point[:2]), point, yaw + np.pi / 2, turn=False) is None


@few
@given(angle=ANGLES, yaw=YAWS, gap=st.floats(0.004, 0.06), height=st.floats(0.01, 0.06))
def test_fingers_never_land_on_a_neighbour(table, angle, yaw, gap, height):
    across = np.array([-np.sin(angle), np.cos(angle)])
    bar = table.Box((0.0, 0.0), 0.1, 0.02, 0.04, angle)
    neighbour = table.Box(tuple((0.01 + gap + 0.02) * across), 0.1, 0.04, height, angle)
    grasp = find_grasp(table.map_of([bar, neighbour]), np.array([0.0, 0.0, 0.02]), yaw)
    if grasp is None:
        return
    out = np.linspace(0.5 * OPENING_M + 0.002, 0.5 * OPENING_M + FINGER_M - 0.003, 6)  # 2 mm for the map's cells
    reach, side = np.meshgrid(np.concatenate([-out, out]), np.linspace(-0.5, 0.5, 5) * (PAD_M - 0.004))
    cos, sin = np.cos(grasp.yaw_rad), np.sin(grasp.yaw_rad)
    fingers = grasp.pos_world_m[:2] + np.stack([reach * cos - side * sin, reach * sin + side * cos], -1)
    assert table.height_at([bar, neighbour], fingers).max() < grasp.pos_world_m[2]


@pytest.mark.parametrize("away", [0.0, 0.01, -0.015])
def test_a_short_thing_is_held_near_its_middle_and_a_long_one_where_it_was_asked_for(table, away):
    point, along = np.array([away, 0.0, 0.02]), {}
    for length in (0.05, 0.16):
        bar = table.Box((0.0, 0.0), length, 0.02, 0.035)
        along[length] = find_grasp(table.map_of([bar]), point, np.pi / 2).pos_world_m[0]
    assert abs(along[0.05]) <= 0.0015
    assert along[0.16] == pytest.approx(away, abs=0.005)


def test_finger_tips_stay_free_of_what_lies_beside_if_there_is_room(table):
    board, bar = table.Box((0.0, 0.0), 0.24, 0.24, 0.02), table.Box((0.0, 0.0), 0.12, 0.02, 0.06)
    grasp = find_grasp(table.map_of([board, bar]), np.array([0.0, 0.0, 0.015]), np.pi / 2)
    assert board.height + FREE_M <= grasp.pos_world_m[2] <= bar.height - LEAST_GRIP_M
    low = table.Box((0.0, 0.0), 0.12, 0.02, board.height + LEAST_GRIP_M + 0.005)
    grasp = find_grasp(table.map_of([board, low]), np.array([0.0, 0.0, 0.015]), np.pi / 2)
    assert board.height < grasp.pos_world_m[2] <= low.height - LEAST_GRIP_M + 1e-9


def test_a_nearer_thing_is_taken(table):
    near, far = table.Post((0.012, 0.0), 0.02, 0.05), table.Post((-0.035, 0.0), 0.02, 0.05)
    grasp = find_grasp(table.map_of([near, far]), np.array([0.0, 0.0, 0.03]), np.pi / 2)
    assert np.linalg.norm(grasp.pos_world_m[:2] - near.middle) < 0.006


def test_a_grasp_farther_off_costs_more(table):
    post = table.map_of([table.Post((0.0, 0.0), 0.02, 0.05)])
    costs = [find_grasp(post, np.array([away, 0.0, 0.03]), 0.0).cost for away in (0.0, 0.015, 0.03)]
    assert costs[0] < costs[1] < costs[2]


def test_fingers_that_close_stay_free_of_a_disc_under_the_bar_that_they_close_on(table):
    disc, bar = table.Post((0.0, 0.0), 0.06, 0.02), table.Box((0.0, 0.0), 0.058, 0.017, 0.05)
    grasp = find_grasp(table.map_of([disc, bar]), np.array([0.0, 0.0, 0.022]), np.pi / 2)
    assert disc.height + FREE_M <= grasp.pos_world_m[2] <= bar.height - LEAST_GRIP_M

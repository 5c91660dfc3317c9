"""The tracker drives a point mass through its plan."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.policy.control import ActionScale, TrajectoryTracker, plan_gripper

LIMIT = 2000


def drive(tracker, position, turn, moves=True):
    """Positions, orientations and actions until the tracker is done; the mass does at once what it is asked."""
    places, turns, actions, phase = [position], [turn], [], []
    while not tracker.done and len(actions) < LIMIT:
        action = tracker.act(position, turn.as_quat()[[3, 0, 1, 2]])
        phase.append(tracker.phase)
        if moves:
            position = position + action[:3] * tracker.scale.translation_m
            turn = Rotation.from_rotvec(action[3:6] * tracker.scale.rotation_rad) * turn
        places.append(position)
        turns.append(turn)
        actions.append(action)
    return np.array(places), turns, np.array(actions), np.array(phase)


def down(yaw):
    """Points down, closes at an angle about z."""
    return Rotation.from_euler("z", yaw) * Rotation.from_matrix(np.diag([1.0, -1, -1]))


@pytest.mark.parametrize("scale", [ActionScale(), ActionScale(0.02, 0.2, 10.0)])
def test_a_point_mass_goes_through_all_goals(made_up, scale):
    plan = plan_gripper(made_up.grasp_joints())
    tracker = TrajectoryTracker(plan, scale)
    places, turns, actions, phase = drive(tracker, np.array([-0.1, 0.1, 0.4]), down(0.3))
    assert tracker.done
    assert len(actions) < LIMIT
    gaps = np.linalg.norm(places[:, None] - plan.pos_world_m[None], axis=-1).min(0)
    assert gaps.max() < 0.03
    assert gaps[plan.dwell_s > 0].max() < tracker.tolerance_m
    assert actions.shape[1] == 7
    assert actions.dtype == np.float32
    assert np.abs(actions).max() <= 1
    assert (np.diff(phase) >= 0).all()
    assert phase[-1] == 1
    np.testing.assert_allclose(turns[-1].apply([0, 0, 1]), [0, 0, -1], atol=0.02)


def test_the_fingers_close_and_open_as_planned_and_at_the_right_places(made_up):
    plan = plan_gripper(made_up.grasp_joints())
    places, _, actions, _ = drive(TrajectoryTracker(plan), np.array([-0.1, 0.1, 0.4]), down(0.0))
    changes = np.flatnonzero(np.diff(actions[:, 6]))
    assert actions[[0, *(changes + 1)], 6].tolist() == [-1, 1, -1]  # open, closed, open
    closed = np.flatnonzero(plan.closed)
    for step, goal in zip(changes, (closed[0], closed[-1]), strict=True):
        assert np.linalg.norm(places[step + 1] - plan.pos_world_m[goal]) < 0.01


def test_it_stays_as_long_as_the_plan_says(made_up):
    steps = {}
    for dwell in (0.0, 1.0):
        plan = made_up.plan_of(np.array([[0, 0, 0.2]]), dwell=dwell)
        steps[dwell] = len(drive(TrajectoryTracker(plan), np.array([0, 0, 0.25]), down(0.0))[2])
    assert steps[1.0] - steps[0.0] == pytest.approx(20, abs=3)


@pytest.mark.parametrize("planned", [-7.0, -3.0, -1.2, 0.4, 1.7, 2.9, 6.1])
@pytest.mark.parametrize("start", [0.0, 2.5])
def test_it_turns_by_at_most_a_quarter_since_fingers_are_alike(made_up, planned, start):
    plan = made_up.plan_of(np.array([[0, 0, 0.2], [0.1, 0, 0.2], [0.4, 0, 0.2]]), yaw=planned, dwell=0.3)
    _, turns, _, _ = drive(TrajectoryTracker(plan), np.array([0, 0, 0.2]), down(start))
    x = np.array([turn.apply([1, 0, 0]) for turn in turns])
    turned = np.unwrap(np.arctan2(x[:, 1], x[:, 0])) - start
    assert np.ptp(turned) < np.pi / 2 + 0.1
    end = np.arctan2(x[-1, 1], x[-1, 0])
    assert abs((end - planned + np.pi / 2) % np.pi - np.pi / 2) < 0.05


def test_the_reference_waits_for_a_gripper_that_lags_but_not_for_ever(made_up):
    goal, start = np.array([[0.5, 0, 0.2]]), np.array([0.0, 0, 0.2])
    wide = ActionScale(translation_m=1.0)  # so that no action is cut off
    tracker = TrajectoryTracker(made_up.plan_of(goal, dwell=0.1), wide, patience_s=1.0)
    _, _, actions, _ = drive(tracker, start, down(0.0), moves=False)
    assert tracker.done
    ahead = actions[:15, 0] * tracker.scale.translation_m / tracker.gain
    assert ahead.max() <= tracker.lead_m + 0.3 / tracker.scale.rate_hz + 1e-6
    assert len(actions) / tracker.scale.rate_hz > tracker.patience_s
    free = TrajectoryTracker(made_up.plan_of(goal, dwell=0.1), wide)
    assert len(drive(free, start, down(0.0))[2]) < len(actions)


def test_a_done_tracker_holds_its_place(made_up):
    tracker = TrajectoryTracker(made_up.plan_of(np.array([[0, 0, 0.2]])))
    places, turns, _, _ = drive(tracker, np.array([0, 0, 0.25]), down(0.0))
    position, turn = places[-1], turns[-1]
    for _ in range(20):
        action = tracker.act(position, turn.as_quat()[[3, 0, 1, 2]])
        position = position + action[:3] * tracker.scale.translation_m
    np.testing.assert_allclose(position, [0, 0, 0.2], atol=1e-4)
    assert tracker.done
    assert tracker.phase == tracker.plan.phase[-1]


@pytest.mark.parametrize("way", [2.1, -2.1])
@pytest.mark.parametrize("first", [-3.0, -1.4, 0.0, 1.3])
def test_a_long_turn_is_begun_where_it_goes_least_far_from_the_present_angle(made_up, way, first):
    plan = made_up.plan_of(np.array([[0, 0, 0.2]] * 8), dwell=0.3)
    plan = replace(plan, yaw_rad=first + np.linspace(0, way, 8))
    _, turns, _, _ = drive(TrajectoryTracker(plan), np.array([0, 0, 0.2]), down(0.0))
    x = np.array([turn.apply([1, 0, 0]) for turn in turns])
    turned = np.unwrap(np.arctan2(x[:, 1], x[:, 0]))
    assert np.abs(turned).max() < np.pi / 2 + abs(way) / 2 + 0.1
    assert turned[-1] == pytest.approx(first + way + np.pi * np.round((turned[-1] - first - way) / np.pi), abs=0.1)


def test_the_fraction_done_is_the_position_of_the_reference_on_the_plan(made_up):
    plan = plan_gripper(made_up.grasp_joints())
    tracker, position, turn = TrajectoryTracker(plan), np.array([-0.1, 0.1, 0.4]), down(0.3)
    rates = []
    while not tracker.done:
        action = tracker.act(position, turn.as_quat()[[3, 0, 1, 2]])
        position = position + action[:3] * tracker.scale.translation_m
        turn = Rotation.from_rotvec(action[3:6] * tracker.scale.rotation_rad) * turn
        rates.append(tracker.fraction_done)
        if tracker.fraction_done > 0:
            there = [np.interp(tracker.fraction_done, plan.fraction_done, column) for column in plan.pos_world_m.T]
            np.testing.assert_allclose(tracker._reference, there, atol=2e-3)
    assert (np.diff(rates) >= 0).all()
    assert (rates[0], rates[-1]) == (0.0, 1.0)
    closing = plan.fraction_done[np.flatnonzero(np.diff(plan.closed))[0] + np.arange(2)]
    assert np.diff(closing)[0] * np.linalg.norm(np.diff(plan.pos_world_m, axis=0), axis=1).sum() > 0.05

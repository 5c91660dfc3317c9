"""Known answers of detection rates and joint errors."""

import numpy as np
import pytest

from ivg.metrics.detection import hand_length, hands_found, match_hands

ABSENT = np.full((21, 2), np.nan)


def hand(x: float, y: float) -> np.ndarray:
    return np.array([x, y]) + np.random.default_rng(0).uniform(-0.05, 0.05, (21, 2))


def test_swapped_sides_are_found_and_flagged() -> None:
    truth = np.stack([hand(0.3, 0.5), hand(0.7, 0.5)])[None]
    match = match_hands(truth[:, ::-1], truth, np.ones((1, 2)), np.full((1, 2), 0.4))
    assert match.found.all()
    assert not match.same_side.any()
    np.testing.assert_allclose(match.error, 0.0, atol=1e-6)


def test_error_is_a_fraction_of_the_hands_length() -> None:
    truth = np.stack([ABSENT, hand(0.6, 0.6)])[None]
    found = truth + np.array([0.03, 0.04])
    match = match_hands(found, truth, np.array([[0.0, 1.0]]), np.array([[np.nan, 0.5]]))
    assert match.wanted.tolist() == [[False, True]]
    assert match.error[0, 1] == pytest.approx(0.05 / 0.5)
    assert match.same_side[0, 1]


def test_a_detection_elsewhere_is_not_the_hand() -> None:
    truth = np.stack([ABSENT, hand(0.2, 0.2)])[None]
    found = np.stack([ABSENT, hand(0.8, 0.8)])[None]
    match = match_hands(found, truth, np.array([[0.0, 1.0]]), np.full((1, 2), 0.4))
    assert not match.found.any()


def test_one_detection_counts_for_one_hand() -> None:
    truth = np.stack([hand(0.5, 0.5), hand(0.52, 0.5)])[None]
    found = np.stack([truth[0, 0], ABSENT])[None]
    match = match_hands(found, truth, np.ones((1, 2)), np.full((1, 2), 0.4))
    assert match.found.sum() == 1


def test_hands_less_than_half_in_sight_are_not_wanted() -> None:
    truth = np.stack([hand(0.5, 0.5), hand(0.2, 0.5)])[None]
    match = match_hands(truth, truth, np.array([[0.49, 0.5]]), np.full((1, 2), 0.4))
    assert match.wanted.tolist() == [[False, True]]


def test_length_does_not_depend_on_the_pose() -> None:
    joints = np.full((1, 2, 21, 3), np.nan)
    straight = np.zeros((21, 3))
    straight[[0, 9, 10, 11, 12]] = [[0, 0, 1], [0.1, 0, 1], [0.14, 0, 1], [0.17, 0, 1], [0.2, 0, 1]]
    curled = straight.copy()
    curled[[10, 11, 12]] = [[0.1, 0.04, 1], [0.07, 0.04, 1], [0.07, 0.01, 1]]
    joints[0] = straight, curled
    K = np.array([[200.0, 0, 64], [0, 200, 64], [0, 0, 1]])
    length = hand_length(joints, K, np.eye(4), size=128)
    np.testing.assert_allclose(length, 0.2 * 200 / 128, rtol=1e-6)


def test_no_more_hands_are_counted_in_a_frame_than_there_are() -> None:
    present = np.array([[True, True], [False, False], [True, True]])
    visible = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.8]])
    assert hands_found(present, visible) == (3, 4)

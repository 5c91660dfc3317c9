"""Hands keep their slot where they cross, where they are lost for a moment, and where nothing is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivg.policy.hands3d.tracking import keep_identity
from ivg.types import HandTracks

SHAPE = np.random.default_rng(0).uniform(-0.08, 0.08, (21, 2))


def tracks_of(left, right):
    """Tracks of two hands whose middles lie at (x, y) in each frame; None where there is none."""
    keypoints = np.full((len(left), 2, 21, 2), np.nan, np.float32)
    for hand, places in enumerate((left, right)):
        for frame, place in enumerate(places):
            if place is not None:
                keypoints[frame, hand] = SHAPE + place
    present = np.isfinite(keypoints).all((2, 3))
    return HandTracks(keypoints, present, present * np.float32(0.9))


def exchanged(tracks, frames):
    keypoints, present, score = tracks.keypoints.copy(), tracks.present.copy(), tracks.score.copy()
    for array in (keypoints, present, score):
        array[frames] = array[frames][:, ::-1]
    return HandTracks(keypoints, present, score)


def assert_same(a, b):
    np.testing.assert_array_equal(a.keypoints, b.keypoints)
    np.testing.assert_array_equal(a.present, b.present)
    np.testing.assert_array_equal(a.score, b.score)


def crossing(n=14):
    x = np.linspace(0.2, 0.8, n)
    return tracks_of([(v, 0.5) for v in x], [(1 - v, 0.5) for v in x])


def test_slots_that_change_at_a_crossing_are_put_right():
    whole = crossing()
    broken = exchanged(whole, np.arange(8, 14))
    assert_same(keep_identity(broken), whole)


def test_a_crossing_that_is_right_stays():
    assert_same(keep_identity(crossing()), crossing())


def test_most_detections_name_the_hands():
    whole = crossing()
    mostly_wrong = exchanged(whole, np.arange(3, 14))
    assert_same(keep_identity(mostly_wrong), exchanged(whole, np.arange(14)))


@pytest.mark.parametrize("lost", [(), (6, 7)])
def test_a_hand_whose_side_is_named_anew_stays_in_its_slot(lost):
    places = [None if t in lost else (0.3 + 0.02 * t, 0.5) for t in range(12)]
    whole = tracks_of([None] * 12, places)
    broken = exchanged(whole, np.arange(8, 12))
    assert_same(keep_identity(broken), whole)


def test_a_hand_that_comes_after_the_other_has_left_is_its_own():
    tracks = tracks_of([(0.2, 0.5)] * 4 + [None] * 8, [None] * 9 + [(0.2, 0.5)] * 3)
    assert_same(keep_identity(tracks, max_gap=3), tracks)


def test_a_second_hand_that_appears_far_away_is_its_own():
    tracks = tracks_of([None] * 5 + [(0.15, 0.4)] * 5, [(0.7, 0.5)] * 10)
    assert_same(keep_identity(tracks), tracks)


@given(st.integers(0, 2**32 - 1))
def test_detections_are_neither_made_nor_lost(seed):
    rng = np.random.default_rng(seed)
    places = [[tuple(rng.random(2)) if rng.random() < 0.6 else None for _ in range(10)] for _ in range(2)]
    tracks = tracks_of(*places)
    kept = keep_identity(tracks)
    for frame in range(10):
        before = sorted(tracks.keypoints[frame].reshape(2, -1)[tracks.present[frame]].tolist())
        after = sorted(kept.keypoints[frame].reshape(2, -1)[kept.present[frame]].tolist())
        assert before == after


@pytest.mark.parametrize("jump", [0.1, 0.2, 0.3])
def test_a_hand_that_stops_or_turns_stays_in_its_slot(jump):
    x = [0.2, 0.2 + jump, 0.2 + 2 * jump, 0.2 + 2 * jump, 0.2 + jump, 0.2]
    tracks = tracks_of([None] * 6, [(v, 0.5) for v in x])
    assert_same(keep_identity(tracks), tracks)


def test_two_hands_apart_that_stop_stay_in_their_slots():
    x = np.array([0.1, 0.25, 0.35, 0.35, 0.34, 0.35])
    tracks = tracks_of([(v, 0.5) for v in x], [(1 - v, 0.5) for v in x])
    assert_same(keep_identity(tracks), tracks)

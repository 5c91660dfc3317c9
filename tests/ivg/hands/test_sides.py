"""Sides of hands: one vote a track, never two left hands, no hand counted twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivg.hands.sides import Detection, assign_sides

LEFT, RIGHT = 0, 1
SHAPE = np.random.default_rng(0).uniform(-0.1, 0.1, (21, 2)).astype(np.float32)


def hand(x, p_right=0.95, score=0.9, y=0.5):
    return Detection((SHAPE + (x, y)).astype(np.float32), p_right, score)


def test_no_hands_are_absent_as_nan():
    tracks = assign_sides([[], [], []])
    assert tracks.keypoints.shape == (3, 2, 21, 2)
    assert np.isnan(tracks.keypoints).all()
    assert not tracks.present.any()
    assert not tracks.score.any()


def test_a_hand_goes_where_its_label_says():
    tracks = assign_sides([[hand(0.5, 0.95)], [hand(0.5, 0.95)]])
    assert tracks.present.tolist() == [[False, True]] * 2
    tracks = assign_sides([[hand(0.5, 0.05)], [hand(0.5, 0.05)]])
    assert tracks.present.tolist() == [[True, False]] * 2


def test_a_wrong_label_in_one_frame_is_outvoted():
    clip = [[hand(0.5 + 0.01 * t, 0.1 if t == 3 else 0.95)] for t in range(8)]
    assert assign_sides(clip).present[:, RIGHT].all()


def test_a_track_goes_on_across_a_short_gap():
    clip = [[hand(0.5, 0.98)], [hand(0.5, 0.98)], [], [], [hand(0.52, 0.3)]]
    tracks = assign_sides(clip)
    assert tracks.present[:, RIGHT].tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(("weaker", "surer"), [(0.6, 0.98), (0.98, 0.6)])
def test_of_two_hands_with_one_label_the_surer_keeps_it(weaker, surer):
    tracks = assign_sides([[hand(0.2, weaker), hand(0.8, surer)]])
    assert tracks.present.all()
    right = tracks.keypoints[0, RIGHT, :, 0].mean()
    assert (right > 0.5) == (surer > weaker)


@pytest.mark.parametrize("p_right", [0.05, 0.5, 0.95])
def test_of_two_hands_that_look_alike_the_right_one_is_at_the_right(p_right):
    tracks = assign_sides([[hand(0.2, p_right), hand(0.8, p_right)]])
    assert tracks.keypoints[0, LEFT, :, 0].mean() < tracks.keypoints[0, RIGHT, :, 0].mean()


def test_crossed_hands_keep_their_sides():
    clip = [[hand(0.25 + 0.06 * t, 0.05, y=0.3), hand(0.75 - 0.06 * t, 0.95, y=0.7)] for t in range(8)]
    tracks = assign_sides(clip)
    assert np.diff(tracks.keypoints[:, LEFT, 0, 0]).min() > 0
    assert np.diff(tracks.keypoints[:, RIGHT, 0, 0]).max() < 0


def test_one_hand_found_twice_counts_once():
    tracks = assign_sides([[hand(0.5, 0.9, score=0.9), hand(0.505, 0.1, score=0.6)]])
    assert tracks.present.tolist() == [[False, True]]
    assert tracks.score[0, RIGHT] == np.float32(0.9)


@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 1)), max_size=3), min_size=1, max_size=8
    )
)
def test_whatever_is_found_comes_out_once_and_valid(clip):
    found = [[hand(x, p, s) for x, p, s in frame] for frame in clip]
    tracks = assign_sides(found, aspect=1.6)
    for t, frame in enumerate(found):
        assert tracks.present[t].sum() <= min(2, len(frame))
        assert bool(frame) == bool(tracks.present[t].any())
        for side in (LEFT, RIGHT):
            if tracks.present[t, side]:
                assert any(np.array_equal(tracks.keypoints[t, side], d.joints) for d in frame)

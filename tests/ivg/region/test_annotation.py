"""Laws of the pseudo annotation: hulls hold their joints, unions grow, absent hands leave nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ivg.errors import InputError
from ivg.region import region_from_tracks
from ivg.types import HandTracks

JOINTS = hnp.arrays(np.float32, (3, 2, 21, 2), elements=st.floats(-0.5, 1.5, width=32))
PRESENT = hnp.arrays(np.bool_, (3, 2))


def tracks_of(keypoints, present):
    keypoints = np.where(present[..., None, None], keypoints, np.float32(np.nan))
    return HandTracks(keypoints, present, present.astype(np.float32))


@given(JOINTS, PRESENT, st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_every_joint_inside_the_picture_is_inside_its_mask(keypoints, present, height, width, per_hand):
    tracks = tracks_of(keypoints, present)
    region = region_from_tracks(tracks, height, width, per_hand=per_hand)
    for t, h in zip(*np.nonzero(present), strict=True):
        x, y = np.floor(keypoints[t, h].astype(np.float64) * (width, height)).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        assert region.per_frame[t, y[inside], x[inside]].all()


@given(JOINTS, PRESENT)
def test_the_union_holds_every_frame_and_grows_with_the_clip(keypoints, present):
    tracks = tracks_of(keypoints, present)
    region = region_from_tracks(tracks, 24, 32)
    assert (region.per_frame <= region.union).all()
    fewer = HandTracks(tracks.keypoints[:2], tracks.present[:2], tracks.score[:2])
    assert (region_from_tracks(fewer, 24, 32).union <= region.union).all()


@given(JOINTS, PRESENT)
def test_one_hull_for_both_hands_holds_the_hull_of_each(keypoints, present):
    tracks = tracks_of(keypoints, present)
    each, both = (region_from_tracks(tracks, 24, 32, per_hand=p).per_frame for p in (True, False))
    assert (each <= both).all()


@given(JOINTS)
def test_frames_without_hands_are_empty(keypoints):
    region = region_from_tracks(tracks_of(keypoints, np.zeros((3, 2), bool)), 24, 32)
    assert not region.per_frame.any()


def test_the_hull_of_a_square_is_the_square():
    keypoints = np.full((1, 2, 21, 2), 0.25, np.float32)
    keypoints[0, 0, :4] = [(0.25, 0.25), (0.705, 0.25), (0.705, 0.705), (0.25, 0.705)]
    region = region_from_tracks(tracks_of(keypoints, np.array([[True, False]])), 100, 100)
    expected = np.zeros((100, 100), bool)
    expected[25:71, 25:71] = True
    np.testing.assert_array_equal(region.union, expected)


def test_sizes_must_be_positive():
    tracks = tracks_of(np.zeros((1, 2, 21, 2), np.float32), np.ones((1, 2), bool))
    with pytest.raises(InputError, match="positive"):
        region_from_tracks(tracks, 0, 10)

"""Laws of the letterbox: it centres, keeps shapes, and its map can be undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivg.hands.letterbox import Letterbox


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 128))
def test_the_square_is_as_large_as_asked_for_and_no_smaller_than_the_frame(height, width, at_least):
    box = Letterbox.for_frame(height, width, at_least)
    assert box.side == max(height, width, at_least)
    assert box.fit(np.zeros((height, width, 3), np.uint8)).shape == (box.side, box.side, 3)


@pytest.mark.parametrize("size", [(48, 48), (40, 80), (80, 40), (300, 200)])
def test_a_point_seen_in_the_square_is_found_in_the_frame(size):
    height, width = size
    frame = np.zeros((height, width, 3), np.uint8)
    y, x = height // 3, 2 * width // 3
    frame[y - 2 : y + 3, x - 2 : x + 3] = 255
    box = Letterbox.for_frame(height, width, 256)
    rows, columns = np.nonzero(box.fit(frame)[..., 0] > 127)
    seen = (np.array([columns.mean(), rows.mean()]) + 0.5) / box.side
    np.testing.assert_allclose(box.to_frame(seen) * (width, height), (x + 0.5, y + 0.5), atol=0.25)


def test_a_square_frame_that_is_large_enough_is_left_alone():
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(Letterbox.for_frame(64, 64, 64).fit(frame), frame)


def test_bars_are_black():
    square = Letterbox.for_frame(20, 60, 60).fit(np.full((20, 60, 3), 200, np.uint8))
    assert (square[20:40] == 200).all()
    assert not square[:20].any()
    assert not square[40:].any()

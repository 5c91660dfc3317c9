"""Laws of the post-processing: islands go, hands stay as they are, cleaning twice is cleaning once."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.region import clean_region


def disc(size, x, y, radius):
    rows, columns = np.mgrid[:size, :size]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def clean(*masks, **options):
    return clean_region(np.stack(masks).astype(np.float32), **options)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_small_islands_are_removed_and_hands_stay(size):
    hands = disc(size, size * 0.3, size * 0.4, size * 0.12) | disc(size, size * 0.75, size * 0.6, size * 0.1)
    islands = disc(size, size * 0.1, size * 0.9, size * 0.018) | disc(size, size * 0.9, size * 0.1, 0)
    region = clean(hands | islands, hands, np.zeros_like(hands))
    np.testing.assert_array_equal(region.per_frame[0], region.per_frame[1])
    agreement = (region.per_frame[1] & hands).sum() / (region.per_frame[1] | hands).sum()
    assert agreement > 0.98
    assert not region.per_frame[2].any()


def test_islands_that_are_small_beside_the_largest_are_removed():
    hand, stray = disc(128, 64, 64, 35), disc(128, 10, 10, 6)
    assert not (clean(hand | stray).union & stray).any()
    assert (clean(stray).union & stray).any()


def test_threads_are_no_hands():
    thread = np.zeros((128, 128), bool)
    thread[60] = True
    assert not clean(thread, closing_radius=0).union.any()


def test_cracks_are_closed():
    hand = disc(128, 64, 64, 30)
    cracked = hand.copy()
    cracked[:, 64:66] = False
    np.testing.assert_array_equal(clean(cracked).union[40:90, 60:70], True)


def test_cleaning_again_changes_nothing():
    rng = np.random.default_rng(0)
    noisy = np.stack([disc(96, 40, 50, 14) ^ (rng.random((96, 96)) < 0.02) for _ in range(4)])
    once = clean_region(noisy.astype(np.float32)).per_frame
    np.testing.assert_array_equal(clean_region(once.astype(np.float32)).per_frame, once)


def test_the_union_holds_every_frame():
    region = clean(disc(64, 20, 20, 9), disc(64, 40, 40, 9))
    np.testing.assert_array_equal(region.union, region.per_frame[0] | region.per_frame[1])


def test_the_threshold_is_the_lowest_value_that_counts():
    soft = disc(64, 30, 30, 12)[None] * np.float32(0.5)
    assert clean_region(soft).union.any()
    assert not clean_region(soft, threshold=0.51).union.any()


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.zeros((0, 4, 4)), np.full((1, 4, 4), np.nan)])
def test_other_arrays_are_refused(bad):
    with pytest.raises(InputError, match="probability"):
        clean_region(bad)

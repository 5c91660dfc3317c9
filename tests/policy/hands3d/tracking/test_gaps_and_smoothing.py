"""Short gaps are filled on a line, long ones stay; smoothing takes noise out and leaves straight motion alone."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.hands3d.tracking import OneEuro, SavitzkyGolay, clean_tracks, fill_gaps, smooth_tracks
from ivg.types import HandTracks

SHAPE = np.random.default_rng(0).uniform(-0.08, 0.08, (21, 2))


def moving(n=20, lost=(), noise=0.0):
    """A right hand that goes to the right, 0.02 a frame."""
    rng = np.random.default_rng(1)
    keypoints = np.full((n, 2, 21, 2), np.nan, np.float32)
    for frame in set(range(n)) - set(lost):
        keypoints[frame, 1] = SHAPE + (0.2 + 0.02 * frame, 0.5) + rng.normal(0, 1, (21, 2)) * noise
    present = np.isfinite(keypoints).all((2, 3))
    return HandTracks(keypoints, present, present * np.float32(0.8))


def test_short_gaps_are_filled_on_a_line():
    filled, where = fill_gaps(moving(lost=(5, 6, 7)), max_gap=3)
    assert where[:, 1].tolist() == [t in (5, 6, 7) for t in range(20)]
    np.testing.assert_allclose(filled.keypoints[:, 1], moving().keypoints[:, 1], atol=1e-6)
    np.testing.assert_allclose(filled.score[5:8, 1], 0.4, atol=1e-6)
    assert not where[:, 0].any()


def test_long_gaps_and_the_ends_stay():
    tracks = moving(lost=(0, 1, 8, 9, 10, 11, 19))
    filled, where = fill_gaps(tracks, max_gap=3)
    assert not where.any()
    np.testing.assert_array_equal(filled.keypoints, tracks.keypoints)


def test_a_negative_gap_is_refused():
    with pytest.raises(InputError, match="max_gap"):
        fill_gaps(moving(), max_gap=-1)


@pytest.mark.parametrize("smoother", [OneEuro(beta=0.0), OneEuro(), SavitzkyGolay(), SavitzkyGolay(7, 2)])
def test_a_resting_hand_shakes_less(smoother):
    still = moving(40, noise=0.004)
    points = still.keypoints - np.arange(40)[:, None, None, None] * np.float32([0.02, 0])
    still = HandTracks(points.astype(np.float32), still.present, still.score)
    smooth = smooth_tracks(still, smoother, fps=8)
    assert smooth.keypoints[5:, 1].std(0).mean() < 0.85 * still.keypoints[5:, 1].std(0).mean()


def test_savitzky_golay_leaves_a_parabola_alone():
    tracks = moving()
    t = np.arange(20)[:, None, None]
    keypoints = tracks.keypoints.copy()
    keypoints[:, 1] += (1e-3 * t**2).astype(np.float32)
    curved = HandTracks(keypoints, tracks.present, tracks.score)
    np.testing.assert_allclose(smooth_tracks(curved, SavitzkyGolay(5, 2), 8).keypoints, keypoints, atol=1e-6)


def test_one_euro_follows_fast_motion_closer_the_larger_beta_is():
    lags = [
        np.abs(smooth_tracks(moving(), OneEuro(beta=beta), fps=8).keypoints - moving().keypoints)[-1, 1].mean()
        for beta in (0.0, 10.0, 100.0)
    ]
    assert lags[0] > lags[1] > lags[2]


def test_smoothing_stops_at_gaps():
    tracks = moving(lost=tuple(range(6, 12)), noise=0.004)
    smooth = smooth_tracks(tracks, SavitzkyGolay(), fps=8)
    first = HandTracks(tracks.keypoints[:6], tracks.present[:6], tracks.score[:6])
    np.testing.assert_allclose(smooth.keypoints[:6], smooth_tracks(first, SavitzkyGolay(), 8).keypoints)
    np.testing.assert_array_equal(smooth.present, tracks.present)


def test_runs_shorter_than_the_window_stay():
    tracks = moving(4, noise=0.004)
    np.testing.assert_allclose(smooth_tracks(tracks, SavitzkyGolay(5), 8).keypoints, tracks.keypoints)


@pytest.mark.parametrize("window", [{"window": 4}, {"window": 3, "order": 3}])
def test_impossible_windows_are_refused(window):
    with pytest.raises(InputError, match="window"):
        SavitzkyGolay(**window)


def test_impossible_cutoffs_are_refused():
    with pytest.raises(InputError, match="cutoff"):
        OneEuro(min_cutoff_hz=0)


def test_cleaning_states_what_it_did():
    clean = clean_tracks(moving(lost=(5,)), fps=8, max_gap=2, smoothing="one-euro")
    assert clean.filled[5, 1]
    assert clean.settings["max_gap"] == 2
    assert clean.settings["smoothing"] == {
        "name": "OneEuro",
        "min_cutoff_hz": 1.5,
        "beta": 10.0,
        "speed_cutoff_hz": 2.0,
    }
    assert clean_tracks(moving(), fps=8).settings["smoothing"] is None


def test_an_unknown_smoothing_is_named():
    with pytest.raises(InputError, match="did you mean 'one-euro'"):
        clean_tracks(moving(), fps=8, smoothing="one_euro")

"""Known answers of the hand structure error (Eq. 2)."""

import numpy as np
import pytest

from ivg.metrics.detection import hs_err


def tracks(frames: int = 4) -> np.ndarray:
    keypoints = np.random.default_rng(1).uniform(0.2, 0.8, (frames, 2, 21, 2))
    keypoints[:, 0] = np.nan
    return keypoints


def test_same_tracks_have_no_error() -> None:
    assert hs_err(tracks(), tracks()) == 0.0


def test_a_shift_costs_its_square() -> None:
    assert hs_err(tracks() + np.array([0.03, -0.04]), tracks()) == pytest.approx(0.05**2)


def test_missing_joints_count_as_zero() -> None:
    truth, generated = tracks(), tracks()
    generated[2] = np.nan
    expected = np.square(truth[2, 1]).sum(-1).mean() / 3
    assert hs_err(generated, truth) == pytest.approx(expected)


def test_the_context_frame_does_not_count() -> None:
    generated = tracks()
    generated[0] = np.nan
    assert hs_err(generated, tracks()) == 0.0


def test_frames_without_a_true_hand_do_not_count() -> None:
    truth = tracks()
    truth[1] = np.nan
    shifted = tracks() + 0.1
    assert hs_err(shifted, truth) == pytest.approx(0.02)


def test_two_hands_share_one_frame() -> None:
    truth = tracks()
    truth[:, 0] = 0.5
    generated = truth.copy()
    generated[:, 0] = np.nan
    assert hs_err(generated, truth) == pytest.approx(0.5 / 2)


def test_no_hand_no_figure() -> None:
    assert np.isnan(hs_err(tracks(), np.full_like(tracks(), np.nan)))

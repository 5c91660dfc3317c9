"""Optical flow: a shift is found, rest is white, opposite motions have opposite colours."""

import cv2
import numpy as np
import pytest

from ivg.errors import InputError
from ivg.viz.flow import flow_to_rgb, flow_wheel, optical_flow


def texture():
    noise = np.random.default_rng(0).normal(size=(96, 96)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    grey = np.clip(128 + smooth * 200, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


@pytest.mark.parametrize(("right", "down"), [(3, 0), (0, -2), (-2, 3)])
def test_a_shift_is_found(right, down):
    before = texture()
    flow = optical_flow(before, np.roll(before, (down, right), axis=(0, 1)))[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (right, down), atol=0.25)


def test_rest_is_white():
    frame = texture()
    assert (flow_to_rgb(optical_flow(frame, frame), 1.0) == 255).all()


def test_opposite_motions_have_opposite_colours():
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    there, back = (flow_to_rgb(sign * unit, 1.0).astype(int) for sign in (1, -1))
    np.testing.assert_allclose(there + back, 255, atol=1)


def test_longer_motion_is_never_paler():
    flow = np.stack([np.linspace(0, 6, 13), np.zeros(13)], axis=-1)
    paleness = flow_to_rgb(flow, 4.0).min(axis=-1).astype(int)
    assert (np.diff(paleness) <= 0).all()
    assert paleness[-1] == paleness[8]


def test_the_wheel_is_a_disc_on_white():
    wheel = flow_wheel(32)
    assert wheel.shape == (32, 32, 3)
    assert (wheel[0, 0] == 255).all()
    assert (wheel[16, 16] > 230).all()
    assert wheel[16, 31].min() < 80


def test_frames_must_be_alike():
    with pytest.raises(InputError, match="after"):
        optical_flow(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 19, 3), np.uint8))

"""Fitting frames into the model's square and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivg.framing import Framing

SHAPES = [(128, 128), (480, 640), (640, 360), (64, 64), (100, 37)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_survives_the_way_there_and_back(shape: tuple[int, int]) -> None:
    framing = Framing(*shape, 128)
    mask = np.zeros(shape, bool)
    mask[shape[0] // 4 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = True
    again = framing.back_mask(framing.fit_mask(mask))
    assert again.shape == shape
    assert (again & mask).sum() / (again | mask).sum() > 0.8


@pytest.mark.parametrize("shape", SHAPES)
def test_a_smooth_picture_survives(shape: tuple[int, int]) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]]
    picture = np.stack([x / shape[1], y / shape[0], 0 * x + 0.5], -1)
    framing = Framing(*shape, 128)
    square = framing.fit((picture * 255).astype(np.uint8))
    assert square.shape == (128, 128, 3)
    again = framing.back(square.astype(np.float32) / 255)
    assert np.abs(again - picture).max() < 0.05


def test_the_model_size_is_left_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    framing = Framing(128, 128, 128)
    assert (framing.fit(picture) == picture).all()
    assert (framing.back(picture.astype(np.float32)) == picture).all()


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 128))
def test_the_square_is_as_large_as_asked_for_and_no_smaller_than_the_frame(height, width, at_least):
    framing = Framing.enlarging(height, width, at_least)
    assert framing.size == max(height, width, at_least)
    assert framing.fit(np.zeros((height, width, 3), np.uint8)).shape == (framing.size, framing.size, 3)


@pytest.mark.parametrize("size", [(48, 48), (40, 80), (80, 40), (300, 200)])
def test_a_point_seen_in_the_square_is_found_in_the_frame(size):
    height, width = size
    frame = np.zeros((height, width, 3), np.uint8)
    y, x = height // 3, 2 * width // 3
    frame[y - 2 : y + 3, x - 2 : x + 3] = 255
    framing = Framing.enlarging(height, width, 256)
    rows, columns = np.nonzero(framing.fit(frame, black=True)[..., 0] > 127)
    seen = (np.array([columns.mean(), rows.mean()]) + 0.5) / framing.size
    np.testing.assert_allclose(framing.back_points(seen) * (width, height), (x + 0.5, y + 0.5), atol=0.25)


@pytest.mark.parametrize("black", [True, False])
def test_margins(black):
    square = Framing.enlarging(20, 60, 60).fit(np.full((20, 60, 3), 200, np.uint8), black=black)
    assert (square[20:40] == 200).all()
    assert (square[[0, 19, 40, 59]] == (0 if black else 200)).all()

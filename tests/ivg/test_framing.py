"""Fitting frames into the model's square and back."""

import numpy as np
import pytest

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

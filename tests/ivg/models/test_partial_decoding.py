"""Decoding where latents differ from known ones: what is shown, and how much of the picture is decoded."""

import numpy as np
import pytest
import torch

from ivg.models.loading import load_component
from ivg.models.partial_decoding import CHANGED, MARGIN, changed_cells, decode_cells, whitish_cells
from ivg.pipeline import find_weights

CELLS, FACTOR = 16, 8


@pytest.fixture(scope="module")
def autoencoder():
    return load_component(find_weights("nano"), "autoencoder")


@pytest.fixture
def decode(autoencoder):
    """Decodes, and notes the sizes of what it was given."""

    @torch.inference_mode()
    def decode(latents):
        decode.sizes.append(tuple(latents.shape[2:]))
        return np.ascontiguousarray(autoencoder.decode(latents).permute(0, 2, 3, 1).numpy())

    decode.sizes = []
    return decode


def changed_at(known, *places, frames=3):
    latents = known.repeat(frames, 1, 1, 1)
    for frame, rows, columns in places:
        latents[frame, :, rows, columns] += 2.0
    return latents


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(6, 9), slice(5, 10)), (slice(0, 3), slice(13, 16)), (slice(0, 16), slice(0, 16))],
    ids=["middle", "corner", "all"],
)
def test_it_shows_what_decoding_everything_shows(decode, rows, columns):
    known = torch.randn(12, CELLS, CELLS, generator=torch.Generator().manual_seed(1))
    latents = changed_at(known, (1, rows, columns))
    picture, whole = decode(known[None])[0], decode(latents)
    part = decode_cells(decode, latents, changed_cells(latents, known), np.repeat(picture[None], 3, 0))
    assert part.shape == whole.shape == (3, CELLS * FACTOR, CELLS * FACTOR, 3)
    size = np.abs(whole - picture).max()
    assert size > 0.1
    assert np.sqrt(((part - whole) ** 2).mean()) < 0.01 * size  # what is left lies at the seam
    inside = np.s_[1, rows.start * FACTOR : rows.stop * FACTOR, columns.start * FACTOR : columns.stop * FACTOR]
    np.testing.assert_allclose(part[inside], whole[inside], atol=0.1 * size)


def test_what_does_not_change_is_not_decoded(decode):
    known = torch.zeros(12, CELLS, CELLS)
    picture = np.random.default_rng(0).random((CELLS * FACTOR, CELLS * FACTOR, 3), np.float32)
    latents = changed_at(known, (1, slice(6, 8), slice(4, 10))) + 0.9 * CHANGED
    part = decode_cells(decode, latents, changed_cells(latents, known), np.repeat(picture[None], 3, 0))
    assert decode.sizes == [(8, 12)]  # with margins 6 and 10, made multiples of 4
    np.testing.assert_array_equal(part[0], picture)
    np.testing.assert_array_equal(part[2], picture)
    rim = FACTOR * (MARGIN // 2)
    outside = np.ones(picture.shape[:2], bool)
    outside[6 * FACTOR - rim : 8 * FACTOR + rim, 4 * FACTOR - rim : 10 * FACTOR + rim] = False
    np.testing.assert_array_equal(part[1][outside], picture[outside])


def test_masks_are_decoded_where_they_come_near_to_a_half(autoencoder, decode):
    y, x = np.mgrid[:128, :128]
    disc = np.repeat((((x - 70) ** 2 + (y - 50) ** 2) < 18**2)[..., None], 3, -1).astype(np.float32)
    pictures = torch.from_numpy(np.stack([0 * disc, 0 * disc + 1, disc, 0.2 * disc + 0.02, 0.02 + 0 * disc]))
    with torch.inference_mode():
        black, white, *masks = autoencoder.encode(pictures.permute(0, 3, 1, 2) * 2 - 1)
    cells = whitish_cells(torch.stack(masks), black, white)
    assert cells[0, 6, 8]
    assert cells[0].sum() < 60
    assert not cells[2].any()
    whole = decode(torch.stack(masks)).mean(-1) > 0
    decode.sizes.clear()
    part = decode_cells(decode, torch.stack(masks), cells, np.full((3, 128, 128, 3), -1, np.float32)).mean(-1) > 0
    np.testing.assert_array_equal(part, whole)
    assert whole[0].sum() > 900
    assert decode.sizes[0][0] <= 12

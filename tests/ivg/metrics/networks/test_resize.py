"""TensorFlow 1's way of resizing: known answers worked out by hand."""

from __future__ import annotations

import pytest
import torch

from ivg.metrics.networks.inception import resize_bilinear


def test_growing_reads_from_the_corner_and_repeats_the_edge() -> None:
    row = torch.tensor([[0.0, 4.0]]).expand(2, 2)
    assert resize_bilinear(row, 4)[0].tolist() == [0, 2, 4, 4]


def test_shrinking_takes_every_other_pixel_unsmoothed() -> None:
    picture = torch.arange(16.0).reshape(4, 4)
    assert resize_bilinear(picture, 2).tolist() == [[0, 2], [8, 10]]


def test_rows_and_columns_are_alike_and_a_plain_picture_stays_plain() -> None:
    picture = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    turned = resize_bilinear(picture.transpose(-1, -2), 9).transpose(-1, -2)
    torch.testing.assert_close(resize_bilinear(picture, 9), turned)
    torch.testing.assert_close(resize_bilinear(torch.full((5, 7), 0.3), 11), torch.full((11, 11), 0.3))


def test_nothing_happens_where_nothing_is_to_be_done() -> None:
    picture = torch.rand(3, 6, 6)
    assert resize_bilinear(picture, 6) is picture


@pytest.mark.parametrize("size", [3, 8, 21])
def test_a_slope_stays_a_slope(size: int) -> None:
    """Up to the last source pixel, past which the edge is repeated."""
    slope = torch.arange(8.0).expand(8, 8)
    expected = (torch.arange(size) * 8 / size).clamp(max=7).expand(size, size)
    torch.testing.assert_close(resize_bilinear(slope, size), expected)

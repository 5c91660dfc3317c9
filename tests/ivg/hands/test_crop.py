"""The rotated square around a hand: where it lies, what it shows, the way back, and the gradient."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ivg.hands.crop import HandCrop, rotate, wrap_angle


def hand(seed=0, at=(64.0, 60.0)):
    """An upright hand: wrist below, fingers above."""
    generator = torch.Generator().manual_seed(seed)
    joints = torch.rand(1, 21, 2, generator=generator) * 30 - 15
    joints[:, 0] = torch.tensor([0.0, 25.0])
    joints[:, 5], joints[:, 9], joints[:, 13] = (torch.tensor([x, -10.0]) for x in (-6.0, 0.0, 6.0))
    return joints + torch.tensor(at)


def test_an_upright_hand_has_an_upright_square_above_its_wrist():
    joints = hand()
    crop = HandCrop.around(joints)
    assert abs(float(crop.rotation)) < 1e-6
    assert float(crop.side) > 2 * float(joints[0, 0, 1] - joints[0, 9, 1]) - 1e-3
    assert float(crop.centre[0, 1]) < float(joints[0, 0, 1])


@settings(max_examples=30, deadline=None)
@given(angle=st.floats(-3.1, 3.1), x=st.floats(-40, 40), y=st.floats(-40, 40), scale=st.floats(0.3, 4))
def test_the_square_turns_moves_and_grows_with_the_hand(angle, x, y, scale):
    joints = hand(at=(0.0, 0.0))
    crop = HandCrop.around(joints)
    turned, shift = torch.tensor(angle), torch.tensor([x, y])
    moved = HandCrop.around(scale * rotate(joints, turned) + shift)
    torch.testing.assert_close(moved.centre, scale * rotate(crop.centre, turned) + shift, atol=1e-2, rtol=0)
    assert float(moved.side) == pytest.approx(scale * float(crop.side), rel=1e-3)
    assert float(wrap_angle(moved.rotation - crop.rotation - angle)) == pytest.approx(0, abs=1e-4)


def test_corners_of_the_square_come_back_to_the_picture():
    crop = HandCrop(torch.tensor([[50.0, 40.0]]), torch.tensor([20.0]), torch.tensor([math.pi / 2]))
    corners = crop.to_image(torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]))
    expected = torch.tensor([[[60.0, 30.0], [60.0, 50.0], [40.0, 50.0]]])
    torch.testing.assert_close(corners, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("graded", [False, True])
def test_a_crop_shows_what_lies_at_its_points(graded):
    y, x = torch.meshgrid(torch.arange(100.0), torch.arange(100.0), indexing="ij")
    picture = torch.stack([x, y, x + y])[None]
    crop = HandCrop(torch.tensor([[50.0, 45.0]]), torch.tensor([40.0]), torch.tensor([0.7]))
    shown = crop.cut(picture.requires_grad_(graded), 16)
    assert shown.requires_grad == graded
    atol = 1e-3 if graded else 0.04  # px; OpenCV's places are multiples of 1/32
    steps = torch.arange(16.0) / 16
    v, u = torch.meshgrid(steps, steps, indexing="ij")
    points = crop.to_image(torch.stack([u, v], -1)[None])
    torch.testing.assert_close(shown[0, 0], points[0, ..., 0], atol=atol, rtol=0)
    torch.testing.assert_close(shown[0, 1], points[0, ..., 1], atol=atol, rtol=0)


def test_beyond_the_edge_the_outermost_pixels_go_on():
    picture = torch.zeros(1, 3, 10, 10)
    picture[..., 0] = 1
    shown = HandCrop(torch.tensor([[-20.0, 5.0]]), torch.tensor([8.0]), torch.zeros(1)).cut(picture, 4)
    assert torch.equal(shown, torch.ones_like(shown))

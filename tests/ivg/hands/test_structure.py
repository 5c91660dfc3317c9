"""The detector of the hand structure loss: it sees hands where they are, and its gradient is right."""

import numpy as np
import pytest
import torch

from ivg.hands import MediaPipeHands
from ivg.hands.structure import HandStructureDetector


@pytest.fixture(scope="module")
def shown(hand_clips):
    """Pictures float64 (4, 3, 128, 128), and the hands that MediaPipe finds in them."""
    frames = hand_clips[0, 6:10]
    with MediaPipeHands() as detector:
        tracks = detector(frames)
    owners, hands = np.nonzero(tracks.present)
    joints = torch.from_numpy(tracks.keypoints[owners, hands])
    return torch.from_numpy(frames).permute(0, 3, 1, 2).double() / 255, torch.from_numpy(owners), joints.double()


def test_hands_are_seen_where_mediapipe_finds_them(shown):
    pictures, owners, joints = shown
    with torch.no_grad():
        seen = HandStructureDetector().double()(pictures, owners, joints)
    assert len(owners) >= 4
    assert seen.presence.min() > 0.3
    length = (joints[:, 12] - joints[:, 0]).norm(dim=-1)
    error = (seen.joints - joints).norm(dim=-1).mean(-1) / length
    assert error.median() < 0.08


def test_where_there_is_no_hand_none_is_seen(shown, hand_clips):
    _, owners, joints = shown
    empty = torch.from_numpy(hand_clips[0, :1]).permute(0, 3, 1, 2).double().expand(4, -1, -1, -1) / 255
    with torch.no_grad():
        seen = HandStructureDetector().double()(empty, owners, joints)
    assert seen.presence.max() < 0.1


def test_the_gradient_is_that_of_finite_differences(shown):
    pictures, owners, joints = (part[:1] for part in shown)
    detector = HandStructureDetector().double()

    def value(picture):
        seen = detector(picture, owners, joints)
        return (seen.presence[:, None, None] * seen.joints).square().sum()

    pictures = (
        0.7 * pictures + 0.3 * pictures.mean()
    ).requires_grad_()  # a pale hand, whose presence is not at its end
    (gradient,) = torch.autograd.grad(value(pictures), pictures)
    generator = torch.Generator().manual_seed(3)
    for _ in range(3):
        direction = torch.randn(pictures.shape, generator=generator, dtype=torch.float64)
        step = 1e-8  # longer ones cross the kinks of the networks' ReLUs
        with torch.no_grad():
            slope = (value(pictures + step * direction) - value(pictures - step * direction)) / (2 * step)
        assert float(slope) == pytest.approx(float((gradient * direction).sum()), rel=5e-3)
    assert gradient.abs().max() > 0


def test_following_the_gradient_makes_a_faded_hand_present(shown, hand_clips):
    pictures, owners, joints = (part[:1] for part in shown)
    context = torch.from_numpy(hand_clips[0, :1]).permute(0, 3, 1, 2).double() / 255
    detector = HandStructureDetector().double()
    faded = (0.35 * pictures + 0.65 * context).requires_grad_()
    before = detector(faded, owners, joints).presence
    (gradient,) = torch.autograd.grad(before.sum(), faded)
    with torch.no_grad():
        after = detector(faded + 0.02 * gradient / gradient.abs().max(), owners, joints).presence
    assert after > before

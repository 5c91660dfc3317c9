"""The hand structure loss in training: which frames it looks at, and that it trains."""

import numpy as np
import pytest
import torch

from ivg.hands import MediaPipeHands
from ivg.training.encoded.clips import LatentClips
from ivg.training.stages.hand_structure import HandStructure


@pytest.fixture(scope="module")
def clip(drawer_clip):
    with MediaPipeHands() as detector:
        return drawer_clip.frames, detector(drawer_clip.frames)


@pytest.fixture(scope="module")
def clips(clip):
    """One clip, of which the hand structure loss reads the keypoints only."""
    made = object.__new__(LatentClips)
    object.__setattr__(made, "keypoints", torch.from_numpy(clip[1].keypoints)[None])
    return made


def pictures(frames):
    return torch.from_numpy(frames).permute(0, 3, 1, 2)[None] / 127.5 - 1


def test_frames_that_show_a_hand_come_first(clips, clip):
    shown = clip[1].present.any(-1)
    hands = HandStructure(clips)
    drawn = hands.draw_frames(torch.zeros(50, dtype=torch.int64), 1, torch.Generator().manual_seed(0))
    assert shown[drawn.numpy()].all()
    assert len(np.unique(drawn)) > 5
    every = hands.draw_frames(torch.zeros(1, dtype=torch.int64), 16, torch.Generator().manual_seed(0))
    assert sorted(every[0].tolist()) == list(range(16))


def test_the_loss_is_small_for_the_clip_itself_and_large_without_its_hands(clips, clip):
    frames, hands = clip[0], HandStructure(clips)
    chosen, where = torch.tensor([[6, 9]]), torch.zeros(1, dtype=torch.int64)
    with torch.no_grad():
        truth = hands.loss(pictures(frames[[6, 9]]), where, chosen, torch.ones(1))
        still = hands.loss(pictures(frames[[0, 0]]), where, chosen, torch.ones(1))
        half = hands.loss(pictures(frames[[0, 0]]), where, chosen, torch.full((1,), 0.5))
    assert truth < 0.1 * still
    assert float(half) == pytest.approx(0.5 * float(still), rel=1e-5)


def test_a_frame_without_a_hand_counts_nothing(clips, clip):
    loss = HandStructure(clips).loss(
        pictures(clip[0][:1]), torch.zeros(1, dtype=torch.int64), torch.tensor([[0]]), torch.ones(1)
    )
    assert float(loss) == 0


def test_a_missing_hand_has_a_gradient(clips, clip):
    frames = clip[0].astype(np.float32)
    faded = pictures(0.4 * frames[[8]] + 0.6 * frames[[0]]).requires_grad_()
    loss = HandStructure(clips).loss(faded, torch.zeros(1, dtype=torch.int64), torch.tensor([[8]]), torch.ones(1))
    (gradient,) = torch.autograd.grad(loss, faded)
    with torch.no_grad():
        step = 0.04 * gradient / gradient.abs().max()
        nearer = HandStructure(clips).loss(
            faded - step, torch.zeros(1, dtype=torch.int64), torch.tensor([[8]]), torch.ones(1)
        )
    assert nearer < loss

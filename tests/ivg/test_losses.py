"""The paper's losses."""

import pytest
import torch

from ivg.losses import hand_structure_loss, huber_loss, miou_loss, noise_loss, stage1_loss, stage2_loss


def test_identical_masks_have_no_miou_loss() -> None:
    masks = (torch.rand(2, 4, 16, 16) > 0.5).float()
    masks[0, 0] = 0
    assert miou_loss(masks, masks).item() == 0


def test_miou_loss_is_equation_4() -> None:
    masks, target = torch.zeros(1, 1, 10, 10), torch.zeros(1, 1, 10, 10)
    masks[..., :6, :] = 1  # 60 pixels, 40 of them shared, 80 in all
    target[..., 2:8, :] = 1
    assert miou_loss(masks, target).item() == pytest.approx(1 - 41 / 81)


def test_miou_loss_falls_as_masks_come_near() -> None:
    target = torch.zeros(1, 1, 8, 8)
    target[..., 2:6, 2:6] = 1
    soft = (0.5 * torch.ones(1, 1, 8, 8)).requires_grad_()
    miou_loss(soft, target).backward()
    assert soft.grad is not None
    assert (soft.grad[target > 0] < 0).all()
    assert (soft.grad[target == 0] > 0).all()


def test_huber_loss_is_square_for_small_errors_and_straight_for_large_ones() -> None:
    target = torch.zeros(1, 1, 2, 1, 1)
    error = torch.tensor([3.0, 4.0]).view(1, 1, 2, 1, 1)  # 5 long
    assert huber_loss(1e-3 * error, target, 1.0).item() == pytest.approx(0.5 * 25e-6, rel=0.05)
    assert huber_loss(1e3 * error, target, 1.0).item() == pytest.approx(5e3, rel=0.01)
    assert huber_loss(error, target, 1e-4, torch.tensor(2.0)).item() == pytest.approx(10, rel=0.01)


def test_half_of_two_likely_things_is_least_by_squares_only() -> None:
    likely = torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1, 1, 1)
    guesses = torch.linspace(0, 1, 101)
    by_squares, by_huber = (
        [float(loss(guess.expand(3, 1, 1, 1, 1), likely)) for guess in guesses]
        for loss in (noise_loss, lambda a, b: huber_loss(a, b, 0.03))
    )
    assert guesses[torch.tensor(by_squares).argmin()] == pytest.approx(1 / 3, abs=0.02)
    assert guesses[torch.tensor(by_huber).argmin()] < 0.05


def test_noise_loss_weighs() -> None:
    prediction, target = torch.tensor([1.0, 3.0]), torch.zeros(2)
    assert noise_loss(prediction, target).item() == 5
    assert noise_loss(prediction, target, torch.tensor([1.0, 0.0])).item() == 0.5


def test_hand_structure_loss_is_equation_2() -> None:
    target = torch.rand(1, 4, 2, 21, 2)
    target[0, 0] = torch.nan  # no hand in frame 0
    target[0, 1:, 0] = torch.nan  # and never a left one
    present = target.isfinite().all(-1).all(-1)
    generated = target.nan_to_num()
    generated[0, 1:, 1] += 0.1
    assert hand_structure_loss(target.nan_to_num(), target, present).item() == 0
    assert hand_structure_loss(generated, target, present).item() == pytest.approx(2 * 0.1**2, rel=1e-4)


def test_missing_hands_count_as_zeros() -> None:
    target = torch.full((1, 1, 2, 21, 2), 0.5)
    present = torch.ones(1, 1, 2, dtype=torch.bool)
    loss = hand_structure_loss(torch.zeros_like(target), target, present)
    assert loss.item() == pytest.approx(0.5)
    assert hand_structure_loss(torch.zeros_like(target), target, ~present).item() == 0


def test_the_stages_losses_are_equations_3_and_6_with_the_paper_s_weights() -> None:
    noise, other = torch.tensor(2.0), torch.tensor(3.0)
    assert stage1_loss(noise, other).item() == pytest.approx(2.3)
    assert stage2_loss(noise, other).item() == pytest.approx(5.0)
    assert stage2_loss(noise, other, 0.5).item() == pytest.approx(3.5)


def test_clips_of_the_hand_structure_loss_can_be_weighed() -> None:
    target = torch.full((2, 1, 2, 21, 2), 0.5)
    present = torch.ones(2, 1, 2, dtype=torch.bool)
    generated = torch.zeros_like(target)
    generated[1] = 0.5  # the second clip is right
    assert hand_structure_loss(generated, target, present).item() == pytest.approx(0.25)
    assert hand_structure_loss(generated, target, present, torch.tensor([0.2, 1.0])).item() == pytest.approx(0.05)

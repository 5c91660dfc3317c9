"""A loss whose gradient does not drown another's."""

import pytest
import torch

from ivg.training.stages.hand_structure import with_capped_gradient


@pytest.mark.parametrize(("factor", "expected"), [(0.1, 0.1), (1.0, 1.0), (100.0, 1.0)])
def test_the_gradient_is_scaled_down_to_the_other_s_and_never_up(factor, expected):
    prediction = torch.tensor([3.0, -4.0], requires_grad=True)
    beside = lambda x: x.square().sum() / 2  # noqa: E731
    loss = with_capped_gradient(lambda x: factor * beside(x), prediction, beside)
    (gradient,) = torch.autograd.grad(loss, prediction)
    torch.testing.assert_close(gradient, expected * prediction.detach())
    assert float(loss.detach()) == pytest.approx(factor * 12.5)


def test_a_loss_without_a_gradient_stays_as_it_is():
    prediction = torch.ones(2, requires_grad=True)
    loss = with_capped_gradient(lambda x: x.new_tensor(2.0), prediction, torch.sum)
    assert float(loss.detach()) == 2


def test_the_gradient_reaches_what_the_prediction_comes_from():
    weight = torch.tensor(2.0, requires_grad=True)
    with_capped_gradient(lambda x: x.sum(), weight * torch.ones(3), lambda x: 100 * x.sum()).backward()
    assert float(weight.grad) == pytest.approx(3.0)


def test_the_cap_is_a_multiple_of_the_other_gradient():
    prediction = torch.tensor([3.0, -4.0], requires_grad=True)
    beside = lambda x: x.square().sum() / 2  # noqa: E731
    loss = with_capped_gradient(lambda x: 100 * beside(x), prediction, beside, cap=5)
    (gradient,) = torch.autograd.grad(loss, prediction)
    torch.testing.assert_close(gradient, 5 * prediction.detach())

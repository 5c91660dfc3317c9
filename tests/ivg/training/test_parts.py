"""Optimiser, moving average, schedule and augmentation, each by itself."""

import copy

import pytest
import torch
from torch import nn

from ivg.training.optimizer import AveragedModel, Muon, build_optimizer, learning_rate, orthogonalise
from ivg.training.progress import StopCriterion
from ivg.training.settings import AutoencoderConfig, RegionConfig
from ivg.training.stage import StepRandom
from ivg.training.stages.clip import augment_regions


def test_orthogonalised_matrices_have_singular_values_near_1() -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 24, 80)))
    assert values.min() > 0.6
    assert values.max() < 1.3


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_optimisers_learn(optimizer: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(40, 64), nn.SiLU(), nn.Linear(64, 8))
    config = RegionConfig(steps=1, optimizer=optimizer, learning_rate=3e-3)
    chosen = build_optimizer(model, config)
    x = torch.randn(64, 40)
    y = x[:, :8].sin()
    losses = []
    for _ in range(60):
        loss = (model(x) - y).square().mean()
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]


def test_muon_moves_matrices_by_the_learning_rate_and_leaves_the_rest_to_adamw() -> None:
    model = nn.Sequential(nn.Conv2d(16, 32, 3), nn.GroupNorm(4, 32), nn.Conv2d(32, 4, 1))
    optimizer = build_optimizer(model, RegionConfig(steps=1, learning_rate=1e-2, weight_decay=0.0))
    assert isinstance(optimizer, Muon)
    matrices, rest = optimizer.param_groups
    assert [p.shape for p in matrices["params"]] == [model[0].weight.shape]
    assert len(rest["params"]) == 5
    before = copy.deepcopy(model)
    model(torch.randn(2, 16, 6, 6)).square().sum().backward()
    optimizer.step()
    change = model[0].weight - before[0].weight
    assert change.square().mean().sqrt().item() == pytest.approx(0.2e-2, rel=0.2)  # 0.2 * lr, as AdamW's
    assert (model[1].weight - before[1].weight).abs().max().item() == pytest.approx(1e-2, rel=0.01)


def test_average_follows_the_weights() -> None:
    model = nn.Linear(2, 2)
    average = AveragedModel(model, decay=0.9)
    before = model.weight.detach().clone()
    with torch.no_grad():
        model.weight += 1
    average.update(model, step=1)
    assert torch.allclose(average.model.weight, before + 1 - 1 / 61)  # early on it follows closely
    average.update(model, step=10**6)
    assert torch.allclose(average.model.weight, before + 1 - 0.9 / 61)
    assert not average.model.weight.requires_grad


def test_learning_rates_follow_the_schedule() -> None:
    flat = RegionConfig(steps=100, learning_rate=1.0, warmup_steps=10, decay=0.3)
    assert learning_rate(flat, 0, 0.0) == pytest.approx(0.1)
    assert learning_rate(flat, 50, 0.5) == 1
    assert learning_rate(flat, 85, 0.85) == pytest.approx(0.5)
    assert learning_rate(flat, 100, 1.0) == pytest.approx(0.02)
    cosine = AutoencoderConfig(steps=100, learning_rate=1.0, warmup_steps=10)
    assert learning_rate(cosine, 50, 0.5) == pytest.approx(0.5)


def test_a_stop_criterion_counts_what_was_done_before() -> None:
    criterion = StopCriterion(RegionConfig(minutes=2.0), step=7, seconds=60)
    assert 0.5 <= criterion.fraction < 0.51
    assert StopCriterion(RegionConfig(minutes=1.0), seconds=61).fraction == 1
    assert StopCriterion(RegionConfig(steps=10, minutes=0.1), step=5, seconds=600).fraction == 0.5


def test_a_steps_randomness_is_a_function_of_the_step() -> None:
    first, again, next_ = (StepRandom(1, step) for step in (5, 5, 6))
    draw = torch.rand(3, generator=first.torch)
    assert torch.equal(draw, torch.rand(3, generator=again.torch))
    assert not torch.equal(draw, torch.rand(3, generator=next_.torch))


def test_augmented_regions_stay_near() -> None:
    masks = torch.zeros(8, 16, 64, 64)
    for frame in range(1, 16):
        masks[:, frame, 20:44, 10 + frame : 34 + frame] = 1
    changed = augment_regions(masks, shift=3, jitter=0.5, generator=torch.Generator().manual_seed(0))
    assert changed.shape == masks.shape
    assert set(changed.unique().tolist()) == {0.0, 1.0}
    assert not changed[:, 0].any()
    both, either = (changed * masks).sum((-2, -1)), torch.maximum(changed, masks).sum((-2, -1))
    iou = both[:, 1:] / either[:, 1:]
    assert iou.min() > 0.5
    assert iou.mean() < 0.98

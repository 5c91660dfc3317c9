"""Noise: Eq. 1, its inverse, and the schedule."""

import numpy as np
import pytest
import torch

from ivg.errors import InputError
from ivg.models.noise import (
    PREDICTION_TYPES,
    SampleSpace,
    add_noise,
    draw_timesteps,
    output_error_weight,
    predicted_clean,
    reference_latents,
    remove_noise,
    training_scheduler,
)


def test_equation_1_and_its_inverse() -> None:
    scheduler = training_scheduler()
    clean, noise = torch.randn(3, 4, 2, 2, 2, dtype=torch.float64), torch.randn(3, 4, 2, 2, 2, dtype=torch.float64)
    alpha_bar = scheduler.alphas_cumprod[torch.tensor([10, 500, 900])].double()
    noisy = add_noise(clean, noise, alpha_bar)
    torch.testing.assert_close(remove_noise(noisy, noise, alpha_bar), clean)


def test_residual_form_is_the_papers_start() -> None:
    """Noising the residual 0 is noising the context's latent and taking sqrt(abar) of it away."""
    context, noise = torch.randn(1, 3, 4, 4), torch.randn(1, 5, 3, 4, 4)
    reference = reference_latents(context, 5)
    alpha_bar = torch.tensor([0.3])
    paper = add_noise(reference, noise, alpha_bar)
    ours = add_noise(torch.zeros_like(reference), noise, alpha_bar)
    torch.testing.assert_close(paper - alpha_bar.sqrt() * reference, ours)


def test_the_solver_finds_a_constant_prediction() -> None:
    scheduler = training_scheduler()
    scheduler.set_timesteps(10)
    truth, x = torch.full((1, 4), 0.7), torch.randn(1, 4)
    for timestep in scheduler.timesteps:
        x = scheduler.step(truth, timestep, x).prev_sample
    torch.testing.assert_close(x, truth, atol=1e-4, rtol=0)


def test_masks_refer_to_black_after_the_context() -> None:
    context, black = torch.randn(2, 3, 4, 4), torch.randn(3, 4, 4)
    reference = reference_latents(context, 5, black)
    assert reference.shape == (2, 5, 3, 4, 4)
    assert (reference[:, 0] == context).all()
    assert (reference[:, 1:] == black).all()


def test_bias_draws_noisier_steps() -> None:
    generator = torch.Generator().manual_seed(0)
    plain = draw_timesteps(4000, 1.0, generator)
    biased = draw_timesteps(4000, 1.5, generator)
    assert plain.min() >= 0
    assert plain.max() <= 999
    assert np.isclose(plain.float().mean(), 500, atol=25)
    assert biased.float().mean() > plain.float().mean() + 50


@pytest.mark.parametrize("kind", PREDICTION_TYPES)
def test_every_prediction_type_stands_for_the_clean_sample(kind: str) -> None:
    clean, noise, error = (torch.randn(3, 4, 2, 2, 2, dtype=torch.float64) for _ in range(3))
    alpha_bar = (
        training_scheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)
        .alphas_cumprod[torch.tensor([0, 500, 999])]
        .double()
    )
    a = alpha_bar.view(-1, 1, 1, 1, 1)
    output = {"sample": clean, "epsilon": noise, "v_prediction": a.sqrt() * noise - (1 - a).sqrt() * clean}[kind]
    noisy = add_noise(clean, noise, alpha_bar)
    torch.testing.assert_close(predicted_clean(output, noisy, alpha_bar, kind), clean)
    # The weighted error of x_0 is the error of the output: L_noise is what the network was pretrained with.
    wrong = predicted_clean(output + error, noisy, alpha_bar, kind)
    weight = output_error_weight(alpha_bar, kind).view(-1, 1, 1, 1, 1)
    torch.testing.assert_close(weight * (wrong - clean).square(), error.square())


def test_unknown_prediction_types_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'epsilon'"):
        predicted_clean(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(1), "epsilom")


def test_latents_start_from_the_noised_context() -> None:
    scheduler = training_scheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)
    scheduler.set_timesteps(5)
    context, noise = torch.randn(2, 3, 4, 4), torch.randn(2, 6, 3, 4, 4)
    space = SampleSpace(residual=False)
    last = scheduler.alphas_cumprod[-1]
    expected = last.sqrt() * context[:, None] + (1 - last).sqrt() * noise
    torch.testing.assert_close(space.start(context, noise, scheduler), expected)
    assert not space.reference(context, 6).any()
    residual = SampleSpace(residual=True, scale=0.3)
    reference = residual.reference(context, 6)
    torch.testing.assert_close(residual.latents(residual.samples(noise, reference), reference), noise)

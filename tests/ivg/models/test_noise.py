"""Noise: Eq. 1, its inverse, and the schedule."""

import numpy as np
import torch

from ivg.models.noise import add_noise, draw_timesteps, reference_latents, remove_noise, training_scheduler


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

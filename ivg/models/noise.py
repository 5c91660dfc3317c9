"""What the denoisers work on: residuals to a known picture's latents, noised by Eq. 1.

The paper noises the latents z_0 of a clip, z_t = sqrt(abar_t) z_0 + sqrt(1 - abar_t) eps (Eq. 1), and starts sampling
from the noised latent of the *context* frame, repeated, rather than from pure noise. Here a clip's latents are given as
residuals to a reference, x_0 = scale * (z_0 - reference): the context's latent in stage 2; in stage 1 the context's
for frame 0 and a black picture's for the masks after it. For the residual, Eq. 1 reads x_t = sqrt(abar_t) x_0 +
sqrt(1 - abar_t) eps, which is the paper's z_t less the known sqrt(abar_t) * reference. The noised context latent is
the residual 0, noised: sqrt(1 - abar_T) eps. So starting there *is* the paper's start, and the mean of what is
sampled from, an unchanged scene, is right at every noise level.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

STEPS = 1000
"""Steps of the noise schedule."""


def training_scheduler(**changes: Any) -> DPMSolverMultistepScheduler:
    """Return the noise schedule that denoisers are trained with, and DPM-Solver++ to sample with.

    The schedule is Nichol and Dhariwal's cosine; denoisers predict the clean sample. `lambda_min_clipped` keeps the
    first step of sampling away from the schedule's very end, where its signal-to-noise ratio runs to zero.

    Args:
        **changes: Values of diffusers' `DPMSolverMultistepScheduler` to change.
    """
    values: dict[str, Any] = {
        "num_train_timesteps": STEPS,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "sample",
        "algorithm_type": "dpmsolver++",
        "solver_order": 2,
        "lambda_min_clipped": -5.1,
        "final_sigmas_type": "zero",
        "timestep_spacing": "linspace",
    }
    return DPMSolverMultistepScheduler(**{**values, **changes})


def reference_latents(context: Tensor, frames: int, rest: Tensor | None = None) -> Tensor:
    """Return the reference of every frame.

    Args:
        context: Latent of the context frame (b, z, h, w).
        frames: Frames t of a clip.
        rest: Reference (z, h, w) of all frames but the first (stage 1: a black picture's); None repeats the context.

    Returns:
        Float (b, t, z, h, w).
    """
    if rest is None:
        return context[:, None].expand(-1, frames, -1, -1, -1)
    later = rest.expand(len(context), frames - 1, *rest.shape)
    return torch.cat([context[:, None], later], 1)


def add_noise(clean: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Noise clean samples (b, ...) by Eq. 1; `alpha_bar` is (b,)."""
    alpha_bar = alpha_bar.view(-1, *(1 for _ in clean.shape[1:]))
    return alpha_bar.sqrt() * clean + (1 - alpha_bar).sqrt() * noise


def remove_noise(noisy: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Invert Eq. 1: the clean samples (b, ...) that `noisy` comes from, given the noise."""
    alpha_bar = alpha_bar.view(-1, *(1 for _ in noisy.shape[1:]))
    return (noisy - (1 - alpha_bar).sqrt() * noise) / alpha_bar.sqrt()


def draw_timesteps(count: int, bias: float, generator: torch.Generator) -> Tensor:
    """Draw steps int64 (count,) of the schedule; a `bias` above 1 draws the noisy ones more often."""
    uniform = torch.rand(count, generator=generator)
    return ((1 - (1 - uniform) ** bias) * STEPS).long().clamp(0, STEPS - 1)

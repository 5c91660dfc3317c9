"""What the denoisers work on: residuals to a known image's latents, noised by Eq. 1.

The paper noises the latents z_0 of a clip, z_t = sqrt(abar_t) z_0 + sqrt(1 - abar_t) eps (Eq. 1), and starts sampling
from the noised latent of the *context* frame, repeated, rather than from pure noise. Here a clip's latents are given as
residuals to a reference, x_0 = scale * (z_0 - reference): the context's latent in stage 2; in stage 1 the context's
for frame 0 and a black image's for the masks after it. For the residual, Eq. 1 reads x_t = sqrt(abar_t) x_0 +
sqrt(1 - abar_t) eps, which is the paper's z_t less the known sqrt(abar_t) * reference. The noised context latent is
the residual 0, noised: sqrt(1 - abar_T) eps. So starting there *is* the paper's start, and the mean of what is
sampled from, an unchanged scene, is right at every noise level.

That is `nano`, which predicts x_0. A pretrained text-to-video network (`base`) knows clips' latents themselves and the
noise in them: x_0 = z_0, the network's output is eps, the schedule is the one that it was trained with, and sampling
starts from the noised context latent. `SampleSpace` says which of the two a denoiser works on, `predicted_clean` turns
any kind of output into x_0, and `output_error_weight` makes the squared error of x_0 that of the output. The losses on
images (L_mIoU, L_hand) see x_0 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from ..errors import unknown_option

STEPS = 1000  # steps of the noise schedule

PREDICTION_TYPES = ("sample", "epsilon", "v_prediction")
"""What a network's output can be: x_0, eps, or sqrt(abar) eps - sqrt(1 - abar) x_0. diffusers' names."""


@dataclass(frozen=True)
class SampleSpace:
    """What a denoiser's samples x_0 are: x_0 = scale * (z_0 - reference), or the latents z_0 themselves."""

    residual: bool  # whether there is a reference; otherwise it is 0
    scale: float = 1.0  # what residuals are multiplied with

    def reference(self, context: Tensor, frames: int, rest: Tensor | None = None) -> Tensor:
        """Return the reference of every frame (b, t, z, h, w); see `reference_latents`."""
        if self.residual:
            return reference_latents(context, frames, rest)
        return torch.zeros_like(context)[:, None].expand(-1, frames, -1, -1, -1)

    def samples(self, latents: Tensor, reference: Tensor) -> Tensor:
        """Turn latents (b, t, z, h, w) into samples x_0."""
        return (latents - reference) * self.scale

    def latents(self, samples: Tensor, reference: Tensor) -> Tensor:
        """Turn samples x_0 (b, t, z, h, w) into latents."""
        return samples / self.scale + reference

    def start(self, context: Tensor, noise: Tensor, scheduler: DPMSolverMultistepScheduler) -> Tensor:
        """Return what sampling starts from: the context's latent in every frame, noised at the largest step by Eq. 1.

        As a residual that latent is 0, and what is left is the noise: the schedule for residuals ends so near to pure
        noise that sqrt(1 - abar_T) is taken as 1. The context's latent is (b, z, h, w), the unit noise (b, t, z, h, w);
        the scheduler has its time steps set.
        """
        if self.residual:
            return noise * scheduler.init_noise_sigma
        still = context[:, None].expand_as(noise)
        alpha_bar = scheduler.alphas_cumprod[scheduler.timesteps[:1].cpu()].to(noise)
        return add_noise(still, noise, alpha_bar.expand(len(noise)))


def training_scheduler(**changes: Any) -> DPMSolverMultistepScheduler:
    """Return the noise schedule that denoisers are trained with, and DPM-Solver++ to sample with.

    The schedule is Nichol and Dhariwal's cosine; denoisers predict the clean sample. `lambda_min_clipped` keeps the
    first step of sampling away from the schedule's very end, where its signal-to-noise ratio runs to zero. `changes`
    are of diffusers' `DPMSolverMultistepScheduler`.
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
    """Return the reference of every frame, float (b, t, z, h, w), given the context frame's latent (b, z, h, w).

    `rest` (z, h, w) is that of all frames but the first (stage 1: a black image's); None repeats the context.
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


def predicted_clean(output: Tensor, noisy: Tensor, alpha_bar: Tensor, prediction_type: str) -> Tensor:
    """Return the clean samples x_0 (b, ...) that a network's output stands for.

    `noisy` is what it was given, x_t, `alpha_bar` that of the time steps, (b,), `prediction_type` one of
    `PREDICTION_TYPES`.
    """
    if prediction_type == "sample":
        return output
    if prediction_type == "epsilon":
        return remove_noise(noisy, output, alpha_bar)
    if prediction_type == "v_prediction":  # Salimans and Ho 2022, Sec. 4
        alpha_bar = alpha_bar.view(-1, *(1 for _ in noisy.shape[1:]))
        return alpha_bar.sqrt() * noisy - (1 - alpha_bar).sqrt() * output
    raise unknown_option("prediction type", prediction_type, PREDICTION_TYPES)


def output_error_weight(alpha_bar: Tensor, prediction_type: str) -> Tensor:
    """Return the factor (b,) that makes a squared error of x_0 the squared error of the network's output.

    1 for x_0 itself. For eps, x_0 = (x_t - sqrt(1 - abar) eps) / sqrt(abar), so the factor is the signal-to-noise ratio
    abar / (1 - abar): weighing with it, L_noise is the paper's (the error of the noise), to rounding.
    """
    if prediction_type == "sample":
        return torch.ones_like(alpha_bar)
    if prediction_type == "epsilon":
        return alpha_bar / (1 - alpha_bar)
    if prediction_type == "v_prediction":
        return 1 / (1 - alpha_bar)
    raise unknown_option("prediction type", prediction_type, PREDICTION_TYPES)


def draw_timesteps(count: int, bias: float, generator: torch.Generator) -> Tensor:
    """Draw steps int64 (count,) of the schedule; a `bias` above 1 draws the noisy ones more often."""
    uniform = torch.rand(count, generator=generator)
    return ((1 - (1 - uniform) ** bias) * STEPS).long().clamp(0, STEPS - 1)

"""The loop that makes samples out of noise, in the pipeline and in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from .interfaces import FACTOR, VideoDenoiser


def denoise(
    networks: Sequence[VideoDenoiser],
    scheduler: DPMSolverMultistepScheduler,
    x: Tensor,
    conditions: dict[str, Tensor],
    extrapolation: float = 0.0,
    guidance_scale: float = 1.0,
    step_end: Callable[[int, Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    """Take the scheduler's steps, deterministically (DPM-Solver++, Lu et al. 2022); return samples x_0, like `x`.

    In few steps a network's last guess is still a mean of what is likely, and blurred, but less so than the guess
    before it, which was made of more noise. `extrapolation` goes on in that direction, as Karras et al. 2024 ("Guiding
    a diffusion model with a bad version of itself") do with a worse network; it costs no evaluation.

    Args:
        networks: One a step; all of them work on the same kind of samples.
        scheduler: Its steps are set.
        x: Float32 (b, t, z, c, c), what sampling starts from (`SampleSpace.start`).
        conditions: Keyword arguments of the networks.
        extrapolation: How far to go beyond the last guess, of its distance from the one before; for networks that
            predict x_0.
        guidance_scale: Above 1, away from what a network guesses without the text: see `guided`.
        step_end: Called after each step as `step_end(step, timestep, x)`; what it returns replaces x.
    """
    guesses: list[Tensor] = []
    for step, (network, timestep) in enumerate(zip(networks, scheduler.timesteps, strict=True)):
        guess = guided(network, x.to(network.dtype), timestep.to(x.device), conditions, guidance_scale).float()
        guesses = [*guesses[-1:], guess]
        x = scheduler.step(guess, timestep, x).prev_sample
        if step_end is not None:
            x = step_end(step, timestep, x)
    if extrapolation and len(guesses) == 2:
        x = x + extrapolation * (guesses[1] - guesses[0])
    return x


def guided(network: VideoDenoiser, x: Tensor, timestep: Tensor, conditions: dict[str, Tensor], scale: float) -> Tensor:
    """Return a network's guess, with classifier-free guidance (Ho and Salimans 2022) if `scale` is not 1.

    That is guess(no text) + scale * (guess(text) - guess(no text)), and twice the work. No text is one of zeros, as
    training with `train.drop_text` shows it. x is (b, t, z, c, c), noisy; conditions are (b, ...) each.
    """
    if scale == 1:
        return network(x, timestep, **conditions).sample
    both = {name: torch.cat([value, value]) for name, value in conditions.items()}
    both["encoder_hidden_states"][len(x) :] = 0
    with_text, without = network(torch.cat([x, x]), timestep, **both).sample.chunk(2)
    return without + scale * (with_text - without)


def region_input(masks: Tensor) -> Tensor:
    """Turn masks (b, t, s, s) in [0, 1] into the denoiser's region (b, t, 2, s/8, s/8).

    Channel 0 is the fraction of each latent cell that the union over the clip covers, in every frame alike; channel 1
    that of the frame's own mask.
    """
    union = masks.amax(1, keepdim=True)
    cells = F.avg_pool2d(torch.cat([union, masks], 1), FACTOR)
    return torch.stack([cells[:, :1].expand_as(cells[:, 1:]), cells[:, 1:]], 2)

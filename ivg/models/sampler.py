"""The loop that makes samples out of noise, in the pipeline and in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from .interfaces import VideoDenoiser


def denoise(
    networks: Sequence[VideoDenoiser],
    scheduler: DPMSolverMultistepScheduler,
    x: Tensor,
    conditions: dict[str, Tensor],
    extrapolation: float = 0.0,
    done: Callable[[int], None] | None = None,
) -> Tensor:
    """Take the scheduler's steps, deterministically (DPM-Solver++, Lu et al. 2022).

    In few steps a network's last guess is still a mean of what is likely, and blurred, but less so than the guess
    before it, which was made of more noise. `extrapolation` goes on in that direction, as Karras et al. 2024
    ("Guiding a diffusion model with a bad version of itself") do with a worse network; it costs no evaluation.

    Args:
        networks: One a step; all of them work on the same kind of samples.
        scheduler: Its steps are set.
        x: Float32 (b, t, z, c, c), what sampling starts from (`SampleSpace.start`).
        conditions: Keyword arguments of the networks.
        extrapolation: How far to go beyond the last guess, of its distance from the one before; for networks that
            predict x_0.
        done: Called with the number of steps taken, after each.

    Returns:
        Samples x_0, shaped like `x`.
    """
    guesses: list[Tensor] = []
    for number, (network, timestep) in enumerate(zip(networks, scheduler.timesteps, strict=True), 1):
        guess = network(x.to(network.dtype), timestep.to(x.device), **conditions).sample.float()
        guesses = [*guesses[-1:], guess]
        x = scheduler.step(guess, timestep, x).prev_sample
        if done is not None:
            done(number)
    if extrapolation and len(guesses) == 2:
        x = x + extrapolation * (guesses[1] - guesses[0])
    return x

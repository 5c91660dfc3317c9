"""Diffusion policy (Chi et al. 2023, "Diffusion Policy: Visuomotor Policy Learning via Action Diffusion")."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn

from .config import DiffusionConfig
from .networks.observation_encoder import EncodedObservation
from .networks.unet import TemporalUNet
from .policy import ChunkPolicy


class DiffusionPolicy(ChunkPolicy):
    """Denoises chunks of actions, given what is known: p(A_t | O_t), the paper's Eq. 4.

    Trained with DDPM's noise schedule (Eq. 5), it samples by DDIM (Song et al. 2021) with few steps (Sec. 3.4).

    Args:
        config: Sizes and steps.
        notes: Where the weights come from.
    """

    kind = "diffusion"
    config: DiffusionConfig

    def __init__(self, config: DiffusionConfig, notes: dict[str, Any] | None = None) -> None:
        super().__init__(config, notes)
        schedule: dict[str, Any] = {
            "num_train_timesteps": config.diffusion_steps,
            "beta_schedule": config.beta_schedule,
            "prediction_type": config.prediction,
            "clip_sample": True,
        }
        self.noising = DDPMScheduler(**schedule)
        self.sampling = DDIMScheduler(**schedule, set_alpha_to_one=True)
        self.sampling.set_timesteps(config.inference_steps)
        self.denoiser = TemporalUNet(self.coding.size, config.widths, config.width, self.encoder.ahead_size)

    def chunk_loss(self, known: EncodedObservation, chunk: Tensor) -> Tensor:
        """Return the mean squared error of the denoiser's prediction: Eq. 5 where it predicts the noise.

        Each chunk is trained on with `noise_samples` noises, as its observation is encoded already.
        """
        copies = self.config.noise_samples
        clean, features = chunk.repeat(copies, 1, 1), known.features.repeat(copies, 1)
        ahead = None if known.ahead is None else known.ahead.repeat(copies, 1, 1)
        noise = torch.randn_like(clean)
        steps = torch.randint(self.config.diffusion_steps, (len(clean),), device=clean.device)
        noisy = self.noising.add_noise(clean, noise, steps)
        predicted = self.denoiser(noisy, steps, features, ahead)
        return nn.functional.mse_loss(predicted, noise if self.config.prediction == "epsilon" else clean)

    def sample_chunk(self, known: EncodedObservation, generator: torch.Generator | None) -> Tensor:
        """Denoise from noise, the paper's Eq. 4."""
        count, device = len(known.features), known.features.device
        chunk = torch.randn(count, self.config.horizon, self.coding.size, generator=generator, device=device)
        for step in self.sampling.timesteps:
            predicted = self.denoiser(chunk, step.to(device).expand(count), known.features, known.ahead)
            chunk = self.sampling.step(predicted, step, chunk).prev_sample
        return chunk

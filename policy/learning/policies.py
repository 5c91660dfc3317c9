"""The two kinds of chunk policies: behaviour cloning and diffusion policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn

from ivg.errors import unknown_option

from .config import BehaviourCloningConfig, DiffusionConfig, PolicyConfig
from .networks.observation_encoder import EncodedObservation
from .networks.unet import TemporalUNet
from .policy import ChunkPolicy, read_description


class BehaviourCloningPolicy(ChunkPolicy):
    """Regression of a chunk of actions ("action chunking", Zhao et al. 2023) by a perceptron."""

    kind = "behaviour_cloning"
    config: BehaviourCloningConfig

    def __init__(self, config: BehaviourCloningConfig, notes: dict[str, Any] | None = None) -> None:
        super().__init__(config, notes)
        before = config.width + config.horizon * self.encoder.ahead_size
        layers: list[nn.Module] = []
        for _ in range(config.layers):
            layers += [nn.Linear(before, config.hidden), nn.GELU()]
            before = config.hidden
        self.head = nn.Sequential(*layers, nn.Linear(before, config.horizon * self.coding.size))

    def chunk_loss(self, encoded: EncodedObservation, chunk: Tensor) -> Tensor:
        """Return the mean absolute or squared error of the chunk."""
        loss = nn.functional.l1_loss if self.config.loss == "l1" else nn.functional.mse_loss
        return loss(self.sample_chunk(encoded), chunk)

    def sample_chunk(self, encoded: EncodedObservation, generator: torch.Generator | None = None) -> Tensor:
        """Return the regression; nothing is drawn."""
        ahead = [] if encoded.ahead is None else [encoded.ahead.flatten(1)]
        chunk: Tensor = self.head(torch.cat([encoded.features, *ahead], -1))
        return chunk.unflatten(-1, (self.config.horizon, self.coding.size))


class DiffusionPolicy(ChunkPolicy):
    """Denoises chunks of actions, given the encoded observation: p(A_t | O_t), Eq. 4 of Chi et al. 2023.

    Trained with DDPM's noise schedule (Eq. 5), it samples by DDIM (Song et al. 2021) with few steps (Sec. 3.4).
    """

    kind = "diffusion"
    config: DiffusionConfig

    def __init__(self, config: DiffusionConfig, notes: dict[str, Any] | None = None) -> None:
        super().__init__(config, notes)
        schedule: dict[str, Any] = {"beta_schedule": config.beta_schedule, "prediction_type": config.prediction}
        schedule |= {"num_train_timesteps": config.diffusion_steps, "clip_sample": True}
        self.noising = DDPMScheduler(**schedule)
        self.sampling = DDIMScheduler(**schedule, set_alpha_to_one=True)
        self.sampling.set_timesteps(config.inference_steps)
        self.denoiser = TemporalUNet(self.coding.size, config.widths, config.width, self.encoder.ahead_size)

    def chunk_loss(self, encoded: EncodedObservation, chunk: Tensor) -> Tensor:
        """Return the denoiser's mean squared error (Eq. 5 for the noise), of `noise_samples` noises an observation."""
        copies = self.config.noise_samples
        clean, features = chunk.repeat(copies, 1, 1), encoded.features.repeat(copies, 1)
        ahead = None if encoded.ahead is None else encoded.ahead.repeat(copies, 1, 1)
        noise = torch.randn_like(clean)
        steps = torch.randint(self.config.diffusion_steps, (len(clean),), device=clean.device)
        noisy = self.noising.add_noise(clean, noise, steps)
        predicted = self.denoiser(noisy, steps, features, ahead)
        return nn.functional.mse_loss(predicted, noise if self.config.prediction == "epsilon" else clean)

    def sample_chunk(self, encoded: EncodedObservation, generator: torch.Generator | None = None) -> Tensor:
        """Denoise from noise, Eq. 4."""
        count, device = len(encoded.features), encoded.features.device
        chunk = torch.randn(count, self.config.horizon, self.coding.size, generator=generator, device=device)
        for step in self.sampling.timesteps:
            predicted = self.denoiser(chunk, step.to(device).expand(count), encoded.features, encoded.ahead)
            chunk = self.sampling.step(predicted, step, chunk).prev_sample
        return chunk


_CLASSES: dict[str, type[ChunkPolicy]] = {kind.kind: kind for kind in (DiffusionPolicy, BehaviourCloningPolicy)}


def new_policy(config: PolicyConfig, notes: dict[str, Any] | None = None) -> ChunkPolicy:
    """Build a policy of random weights (`InputError` if there is no such kind)."""
    if config.kind not in _CLASSES:
        raise unknown_option("policy.kind", config.kind, _CLASSES)
    return _CLASSES[config.kind](config, notes)


def load_policy(folder: str | Path) -> ChunkPolicy:
    """Load any policy that `save_pretrained` wrote, for evaluation (`WeightsError` if it is missing or damaged)."""
    kind, _, _ = read_description(Path(folder))
    return _CLASSES[kind].from_pretrained(folder)

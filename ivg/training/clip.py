"""Stage 2 (Sec. 3.1.2): the clip, given the region of motion."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import ConfigError
from ..models.autoencoder import NanoAutoencoder
from ..models.denoiser import NanoVideoDenoiser
from ..models.noise import STEPS
from ..models.region_input import region_input
from .config import ClipConfig
from .denoising import DenoiserStage, NoisyBatch
from .latents import LatentClips
from .pictures import from_model, grid
from .region_augmentation import augment_regions
from .stage import StepRandom

_NOISE_LEVELS = (0.4, 0.7, 0.95)
"""Fractions of the schedule at which held-out errors are measured."""


class ClipStage(DenoiserStage):
    """Generates the clip as residuals to the context's latent; goes on from stage 1's weights (D2 from D1).

    In training the region is the pseudo annotation, made a little wrong (`region_augmentation`), and for a share of
    the samples only its union, since at inference it is what stage 1 predicts.

    The losses stand in `loss`: L_noise now; L_hand (Eq. 6), which takes a differentiable detector, gets its place
    beside it.
    """

    name = "denoiser"

    def __init__(
        self,
        model: NanoVideoDenoiser,
        config: ClipConfig,
        train: LatentClips,
        held_out: LatentClips,
        autoencoder: NanoAutoencoder,
    ) -> None:
        if config.hand_structure_weight:
            raise ConfigError(
                f"train.hand_structure_weight is {config.hand_structure_weight}, but the hand structure loss needs a "
                "differentiable hand detector, which is not built in yet; give 0"
            )
        super().__init__(model, config, train, held_out, autoencoder)
        self.config = config

    def targets(self, data: LatentClips, clips: Tensor) -> Tensor:
        """See `DenoiserStage.targets`."""
        return data.latents[clips]

    def rest(self, data: LatentClips) -> Tensor | None:
        """See `DenoiserStage.rest`: all frames are residuals to the context."""
        return None

    def region(self, data: LatentClips, clips: Tensor, random: StepRandom | None) -> Tensor | None:
        """See `DenoiserStage.region`."""
        masks = data.region(clips)
        if random is None:
            return region_input(masks)
        masks = augment_regions(
            masks, shift=self.config.region_shift, jitter=self.config.region_jitter, generator=random.torch
        )
        region = region_input(masks)
        only_union = torch.rand(len(clips), generator=random.torch) < self.config.drop_per_frame
        region[only_union, :, 1] = 0
        return region

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Stage.loss`."""
        batch = self.batch(random)
        prediction = self.predict(model, batch)
        parts = {"noise": self.noise_loss(batch, prediction)}
        # L_hand: parts["hand"] = hand_structure_loss(H(decode(prediction)), H(training clip), present)
        return parts["noise"], parts

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Return mean squared errors of predicted residuals at three noise levels, on hands and moved objects."""
        data = self.held_out
        clips = torch.arange(min(len(data), 32))
        figures = {}
        for level in _NOISE_LEVELS:
            generator = torch.Generator().manual_seed(5)
            errors = []
            for part in clips.split(4):
                batch = self.noised(data, part, torch.full((len(part),), int(level * STEPS)), generator)
                errors.append(self._error(model, batch).cpu())
            error = torch.cat(errors)
            for name, where in (("hand", data.hands), ("moved", data.moved)):
                weight = where[clips].float() / 255
                figures[f"{name}_mse_{level}"] = float((error * weight).sum() / weight.sum().clamp_min(1e-6))
        return figures

    def _error(self, model: nn.Module, batch: NoisyBatch) -> Tensor:
        """Return the squared error in units of the latents, the mean over channels, (b, t, c, c)."""
        with self._autocast():
            prediction = self.predict(model, batch)
        return ((prediction - batch.clean) / self.scale).square().mean(2)

    def sheet(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return held-out clips, every other frame, above what is generated from their context and text."""
        data = self.held_out
        clips = torch.from_numpy(np.unique(np.linspace(0, len(data) - 1, 4).astype(int)))
        generated = self.decode(self.sample(model, clips))
        truth = self.decode(data.latents[clips].float().to(self.device))
        return grid([from_model(video[i, 1::2]) for i in range(len(clips)) for video in (truth, generated)])

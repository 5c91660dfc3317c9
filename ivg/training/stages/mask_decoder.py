"""Training of the mask decoder on what stage 1 makes of the training clips, from the autoencoder's decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import ConfigError
from ...models.loading import load_component
from ...models.nano.autoencoder import NanoMaskDecoder
from ..settings import BaseModelConfig, MaskDecoderConfig, RegionConfig, Run
from ..stage import Stage, StepRandom
from .denoising import load_clips
from .region import RegionStage, as_masks, mean_iou, spread


class MaskDecoderStage(Stage):
    """Learns how white a pixel is where the autoencoder decodes, as an image, what a trained stage 1 predicts.

    The loss is the cross entropy. Annotated masks would be a worse teacher: stage 1 is surer of the training clips.
    """

    def __init__(self, model: NanoMaskDecoder, config: MaskDecoderConfig, region: RegionStage) -> None:
        held, own = region.autoencoder.config["latent_channels"], model.config["latent_channels"]
        if held != own:
            raise ConfigError(f"the autoencoder's latents have {held} channels, model.mask_decoder's {own}")
        self.model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config, self._region = config, region
        self._clips = spread(len(region.held_out), 48)
        self._sampled: Tensor | None = None

    @classmethod
    def build(cls, run: Run, device: torch.device) -> MaskDecoderStage:
        """See `Stage.build`."""
        if isinstance(run.model, BaseModelConfig):
            raise ConfigError("the base scale's region is decoded by its autoencoder: train=masks is for nano")
        if run.teacher is None:
            raise ConfigError("train=masks learns from stage 1's samples: give teacher=FOLDER, its weights")
        config = run.train
        assert isinstance(config, MaskDecoderConfig)
        data = load_clips(run, device, masks=False)
        network = load_component(run.teacher, RegionStage.name).to(data.autoencoder.device)
        settings = RegionConfig(
            steps=1,
            precision=config.precision,
            batch_size=config.batch_size,
            sample_steps=network.sample_steps,
            teacher_steps=network.sample_steps,
            teacher_draws=config.teacher_draws,
            residual_scale=network.space.scale,
        )
        region = RegionStage(network, settings, data)
        region.distill(network, run)
        return cls(NanoMaskDecoder(**run.model.mask_decoder), config, region)

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Stage.loss`."""
        batch = self._region.batch(random)
        latents = self._region.space.latents(batch.clean, batch.reference)
        count, frames = latents.shape[:2]
        chosen = torch.rand(count, frames - 1, generator=random.torch).argsort(1)[:, : self.config.frames] + 1
        rows = torch.arange(count)[:, None]
        shown = latents[rows, chosen]
        with torch.no_grad():
            white = as_masks(self._region.decode(shown)).flatten(0, 1)
        logits = model(shown.flatten(0, 1)).float()
        entropy = F.binary_cross_entropy_with_logits(logits, white)
        return entropy, {"entropy": entropy}

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Return the IoU of held-out clips' predicted masks with the annotation, by frame and of the unions.

        `iou_frame_pictures` is what comes of decoding the same latents as images, `iou_pictures` the IoU of both.
        """
        truth = self._region.held_out.region(self._clips)[:, 1:] > 0.5
        masks = self._decode(model) > 0.5
        images = torch.cat([as_masks(self._region.decode(part)) for part in self._latents().split(4)]).cpu() > 0.5
        return {
            "iou_union": mean_iou(masks.any(1), truth.any(1)),
            "iou_frame": mean_iou(masks, truth, truth),
            "iou_frame_pictures": mean_iou(images, truth, truth),
            "iou_pictures": mean_iou(masks, images, images),
        }

    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return, for held-out clips, the context and true masks above the decoded ones."""
        chosen = spread(len(self._clips), 4)
        return self._region.mask_grid(self._clips[chosen], self._decode(model)[chosen])

    def export(self, model: nn.Module, folder: Path) -> None:
        """Save to `folder`/mask_decoder."""
        assert isinstance(model, NanoMaskDecoder)
        model.save_pretrained(folder / "mask_decoder")

    def _latents(self) -> Tensor:
        """Return stage 1's samples (b, t - 1, z, c, c) of held-out clips."""
        if self._sampled is None:
            parts = self._clips.split(4)
            network = self._region.model
            self._sampled = torch.cat([self._region.sample(network, part, int(part[0]))[:, 1:] for part in parts])
        return self._sampled

    @torch.no_grad()
    def _decode(self, model: nn.Module) -> Tensor:
        """Return the masks (b, t - 1, s, s) of held-out clips, in [0, 1]."""
        latents, device = self._latents(), next(model.parameters()).device
        masks = [model(part.flatten(0, 1).to(device)).float().sigmoid() for part in latents.split(4)]
        return torch.cat(masks).unflatten(0, latents.shape[:2]).cpu()

"""Stage 1 (Sec. 3.1.1): a clip of masks that says where the hand will move."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...losses import miou_loss, stage1_loss
from ..encoded.clips import LatentClips, from_model, grid
from ..settings import RegionConfig
from ..stage import StepRandom
from .denoising import DenoiserStage, NoisyBatch


class RegionStage(DenoiserStage):
    """Generates V_mask: the context image in frame 0, then the region's masks, white on black.

    What is diffused is the residual to the context's latent for frame 0, which is zero, and to a black image's
    latent for the masks: it is zero wherever there is no hand. (At the base scale it is the latents themselves, as in
    the paper: see `ivg.models.noise`.)

    The loss is L_noise + beta * L_mIoU (Eq. 3). For L_mIoU the frozen decoder decodes `miou_frames` random frames of
    each predicted clip, never frame 0; all of them would double the cost of a step and have the same expectation.
    """

    name = "region_denoiser"
    start_names = ("region_denoiser",)
    needs_masks = True
    config: RegionConfig

    def targets(self, data: LatentClips, clips: Tensor) -> Tensor:
        """See `DenoiserStage.targets`."""
        return torch.cat([data.latents[clips, :1], data.mask_latents[clips, 1:]], 1)

    def rest(self, data: LatentClips) -> Tensor | None:
        """See `DenoiserStage.rest`."""
        return data.black

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Stage.loss`."""
        batch = self.batch(random)
        prediction = self.predict(model, batch)
        parts = {"noise": self.noise_loss(batch, prediction)}
        if not self.config.miou_weight or not self.config.miou_frames:
            return parts["noise"], parts
        parts["miou"] = self._miou_loss(batch, prediction, random)
        return stage1_loss(parts["noise"], parts["miou"], self.config.miou_weight), parts

    def _miou_loss(self, batch: NoisyBatch, prediction: Tensor, random: StepRandom) -> Tensor:
        clips, frames = prediction.shape[:2]
        chosen = torch.rand(clips, frames - 1, generator=random.torch).argsort(1)[:, : self.config.miou_frames] + 1
        rows = torch.arange(clips)[:, None]
        latents = self.space.latents(prediction, batch.reference)[rows, chosen]
        masks = as_masks(self.decode(latents))
        return miou_loss(masks, self.train.region(batch.clips).to(self.device)[rows, chosen])

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Sample masks of held-out clips; return their IoU with the annotation, by frame and of the unions."""
        clips = spread(len(self.held_out), 24)
        masks = self._sample_masks(model, clips) > 0.5
        truth = self.held_out.region(clips)[:, 1:] > 0.5
        return {"iou_union": mean_iou(masks.any(1), truth.any(1)), "iou_frame": mean_iou(masks, truth, truth)}

    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return, for held-out clips, the context and true masks above the sampled ones."""
        clips = spread(len(self.held_out), 4)
        return self.mask_grid(clips, self._sample_masks(model, clips))

    def mask_grid(self, clips: Tensor, masks: Tensor) -> NDArray[np.uint8]:
        """Return an image of every other mask (b, t - 1, s, s) in [0, 1] below the true one, beside the context."""
        truth = self.held_out.region(clips)[:, 1:].cpu()
        context = from_model(self.decode(self.held_out.latents[clips, :1].float().to(self.device))[:, 0])
        rows = []
        for clip, pair in enumerate(zip(truth, masks, strict=True)):
            for masks_of in pair:
                gray = (masks_of[1::2].numpy() * 255).astype(np.uint8)
                rows.append(np.concatenate([context[clip : clip + 1], np.repeat(gray[..., None], 3, -1)]))
        return grid(rows)

    def _sample_masks(self, model: nn.Module, clips: Tensor) -> Tensor:
        """Return the sampled masks (b, t - 1, s, s) of held-out clips, in [0, 1]."""
        parts = [self.sample(model, part, seed=int(part[0])) for part in clips.split(4)]
        return torch.cat([as_masks(self.decode(part[:, 1:])) for part in parts]).cpu()


def as_masks(images: Tensor) -> Tensor:
    """Turn decoded images (..., 3, h, w) in [-1, 1] into masks (..., h, w) in [0, 1]."""
    return ((images.mean(-3) + 1) / 2).clamp(0, 1)


def spread(count: int, at_most: int) -> Tensor:
    """Return at most so many of `count` indices, evenly spread."""
    return torch.from_numpy(np.unique(np.linspace(0, count - 1, min(count, at_most)).astype(int)))


def mean_iou(masks: Tensor, truth: Tensor, where: Tensor | None = None) -> float:
    """Return the mean IoU over masks (..., s, s); only over those that are not empty in `where`."""
    both = (masks & truth).flatten(-2).sum(-1)
    either = (masks | truth).flatten(-2).sum(-1)
    scores = (both + 1) / (either + 1)
    if where is not None:
        scores = scores[where.flatten(-2).any(-1)]
    return float(scores.mean()) if scores.numel() else 1.0

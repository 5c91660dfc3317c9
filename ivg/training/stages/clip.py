"""Stage 2 (Sec. 3.1.2): the clip, given the region of motion."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...losses import stage2_loss
from ...metrics.region_iou import best_prior_mask
from ...models.interfaces import VideoDenoiser
from ...models.noise import STEPS
from ...models.sampler import region_input
from ..encoded.clips import LatentClips, from_model, grid
from ..settings import ClipConfig
from ..stage import StepRandom
from .denoising import DenoiserStage, NoisyBatch
from .hand_structure import MIN_SIGNAL, HandStructure, with_capped_gradient
from .sampling import TrainingData

_NOISE_LEVELS = (0.4, 0.7, 0.95)  # Fractions of the schedule at which held-out errors are measured


class ClipStage(DenoiserStage):
    """Generates the clip as residuals to the context's latent; goes on from stage 1's weights (D2 from D1).

    In training the region is the pseudo annotation, made a little wrong (`augment_regions`), and for a
    fraction of the samples only its union, since at inference it is what stage 1 predicts.

    The loss is L_noise + alpha * L_hand (Eq. 6). For L_hand a few random frames a clip of the predicted clean latents
    are decoded, and what the frozen, differentiable hand detector sees is compared with the clip's keypoints
    (`HandStructure`).
    """

    name = "denoiser"
    start_names = ("denoiser", "region_denoiser")
    config: ClipConfig

    def __init__(self, model: VideoDenoiser, config: ClipConfig, data: TrainingData) -> None:
        super().__init__(model, config, data)
        self._mask = _fixed_mask(config.mask, data.train)
        self.hands = HandStructure(data.train) if config.hand_structure_weight else None

    def targets(self, data: LatentClips, clips: Tensor) -> Tensor:
        """See `DenoiserStage.targets`."""
        return data.latents[clips]

    def region(self, data: LatentClips, clips: Tensor, random: StepRandom | None) -> Tensor | None:
        """See `DenoiserStage.region`."""
        masks = data.region(clips)
        if self._mask is not None:
            return region_input(self._mask.expand_as(masks))
        if random is None:
            return region_input(masks)
        config = self.config
        masks = augment_regions(masks, shift=config.region_shift, jitter=config.region_jitter, generator=random.torch)
        region = region_input(masks)
        only_union = torch.rand(len(clips), generator=random.torch) < config.drop_per_frame
        region[only_union, :, 1] = 0
        return region

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Stage.loss`."""
        batch = self.batch(random)
        prediction = self.predict(model, batch)
        parts = {"noise": self.noise_loss(batch, prediction)}
        if self.hands is None:
            return parts["noise"], parts
        hand = self._hand_loss(self.hands, batch, prediction, random)
        parts["hand"] = hand.detach()
        return stage2_loss(parts["noise"], hand, self.config.hand_structure_weight), parts

    def _hand_loss(self, hands: HandStructure, batch: NoisyBatch, prediction: Tensor, random: StepRandom) -> Tensor:
        """Return L_hand on a few frames of clips that are not too noisy; capped, or missing hands would outweigh it."""
        signal = self.alpha_bar[batch.timesteps]
        rows = (signal >= MIN_SIGNAL).nonzero()[:, 0]
        if not len(rows):
            return prediction.new_zeros(())
        fraction = len(rows) / len(batch.clips)
        rows = rows[: self.config.hand_structure_clips or None]
        clips = batch.clips[rows]
        frames = hands.draw_frames(clips, self.config.hand_structure_frames, random.torch)

        def loss(predicted: Tensor) -> Tensor:
            latents = self.space.latents(predicted[rows], batch.reference[rows])
            images = self.decode(latents[torch.arange(len(rows))[:, None], frames])
            with self._autocast():
                mean = hands.loss(images, clips, frames, signal[rows].to(self.device))
            return mean * fraction

        return with_capped_gradient(
            loss, prediction, lambda predicted: self.noise_loss(batch, predicted), self.config.hand_structure_cap
        )

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Return mean squared errors of predicted residuals at three noise levels, on hands and moved objects."""
        data, figures = self.held_out, {}
        clips = torch.arange(min(len(data), 32))
        for level in _NOISE_LEVELS:
            generator, errors = torch.Generator().manual_seed(5), []
            for part in clips.split(4):
                batch = self.noised(data, part, torch.full((len(part),), int(level * STEPS)), generator)
                with self._autocast():
                    prediction = self.predict(model, batch)
                errors.append(((prediction - batch.clean) / self.space.scale).square().mean(2).cpu())
            error = torch.cat(errors)
            for name, where in (("hand", data.hands), ("moved", data.moved)):
                weight = where[clips].float() / 255
                figures[f"{name}_mse_{level}"] = float((error * weight).sum() / weight.sum().clamp_min(1e-6))
        return figures

    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return held-out clips, every other frame, above what is generated from their context and text."""
        data = self.held_out
        clips = torch.from_numpy(np.unique(np.linspace(0, len(data) - 1, 4).astype(int)))
        generated = self.decode(self.sample(model, clips))
        truth = self.decode(data.latents[clips].float().to(self.device))
        return grid([from_model(video[i, 1::2]) for i in range(len(clips)) for video in (truth, generated)])


def _fixed_mask(kind: str, train: LatentClips) -> Tensor | None:
    """Return the mask (s, s) that all clips are conditioned on, or None where each has its own."""
    if kind == "annotation":
        return None
    unions = train.unions()
    if kind == "white":
        return torch.ones(unions.shape[1:])
    return torch.from_numpy(best_prior_mask(unions.mean(0), unions).region).float()


def augment_regions(masks: Tensor, *, shift: int, jitter: float, generator: torch.Generator) -> Tensor:
    """Grow or shrink each clip's masks, float (b, t, s, s), 0 or 1, shift them, and let some come early or late.

    They shift by up to half of `shift` pixels together, and again each frame; a fraction `jitter` of the clips is a
    frame early or late.
    """
    clips, frames = masks.shape[:2]
    grow = torch.randint(-1, 3, (clips,), generator=generator)
    late = torch.randint(0, 2, (clips,), generator=generator) * 2 - 1
    jittered = torch.rand(clips, generator=generator) < jitter
    half = (shift + 1) // 2
    steady = torch.randint(-half, half + 1, (clips, 1, 2), generator=generator)
    shaking = torch.randint(-(shift - half), shift - half + 1, (clips, frames, 2), generator=generator)
    masks = _delayed(_grown(masks, grow), late * jittered)
    return _shifted(masks, steady + shaking, shift)


def _grown(masks: Tensor, pixels: Tensor) -> Tensor:
    """Dilate each clip's masks (b, t, s, s) by some pixels (b,); erode them where that is negative."""
    result = masks.clone()
    for wide in pixels.unique().tolist():
        if wide:
            sign = 1 if wide > 0 else -1
            chosen = (pixels == wide).to(masks.device)
            grown = F.max_pool2d(sign * masks[chosen], 2 * abs(wide) + 1, stride=1, padding=abs(wide))
            result[chosen] = sign * grown
    return result


def _delayed(masks: Tensor, frames: Tensor) -> Tensor:
    """Let each clip's masks (b, t, s, s) come a frame later (1) or earlier (-1); frame 0, the context, stays."""
    clips, count = masks.shape[:2]
    source = torch.arange(count)[None] - frames[:, None]
    source[:, 0] = 0
    source[:, 1] = torch.where(frames > 0, 1, source[:, 1])
    return masks[torch.arange(clips)[:, None], source.clamp(max=count - 1)]


def _shifted(masks: Tensor, moves: Tensor, most: int) -> Tensor:
    """Shift every mask (b, t, s, s) by x and y pixels (b, t, 2), at most `most`, with nothing coming in."""
    size = masks.shape[-1]
    start = most + torch.arange(size)
    columns, rows = (start - moves[..., axis, None] for axis in (0, 1))
    wide = F.pad(masks, (most, most, most, most))
    wide = wide.take_along_dim(rows[..., None].to(masks.device), -2)
    return wide.take_along_dim(columns[..., None, :].to(masks.device), -1)

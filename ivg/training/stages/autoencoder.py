"""Training of the autoencoder on crops of clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...data.clip_arrays import ClipArrays
from ...errors import ConfigError
from ...models.interfaces import FACTOR
from ...models.loading import load_weights
from ...models.nano.autoencoder import NanoAutoencoder
from ..encoded.clips import from_model, grid, to_model, white_on_black
from ..encoded.loading import load_split
from ..settings import AutoencoderConfig, BaseModelConfig, Run
from ..stage import Stage, StepRandom

_SPREAD_LIMIT = 3.0  # Latents (before scaling) beyond this are drawn back a little, so that their scale stays bounded


class AutoencoderStage(Stage):
    """L1 on pixels and gradients of crops and region masks, with more weight on hands and on everything that moves."""

    def __init__(
        self, model: NanoAutoencoder, config: AutoencoderConfig, train: ClipArrays, held_out: ClipArrays
    ) -> None:
        self.model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config, self._train = config, train
        self._frames, self._moving = _validation_frames(held_out)
        self._encoder_kept = not next(model.encoder.parameters()).requires_grad

    @classmethod
    def build(cls, run: Run, device: torch.device) -> AutoencoderStage:
        """See `Stage.build`."""
        if isinstance(run.model, BaseModelConfig):
            raise ConfigError("the base scale's autoencoder is a pretrained one: train=region or train=clip")
        assert isinstance(run.train, AutoencoderConfig)
        train, held_out = load_split(run.data)
        if run.train.crop > train.frames.shape[2]:
            size = train.frames.shape[2]
            raise ConfigError(f"train.crop must be at most {size} px, the size of the clips, got {run.train.crop}")
        model = NanoAutoencoder(**run.model.autoencoder)
        if run.autoencoder is not None:
            model.keep_encoder(load_weights(NanoAutoencoder, run.autoencoder / "autoencoder"))
        return cls(model, run.train, train, held_out)

    def loss(self, model: nn.Module, random: StepRandom) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Stage.loss`."""
        config, device = self.config, next(model.parameters()).device
        crops = [self._crop(random.numpy) for _ in range(config.batch_size)]
        images = to_model(np.stack([image for image, _ in crops])).to(device)
        moving = torch.from_numpy(np.stack([mask for _, mask in crops]))[:, None].to(device)
        shape = (len(crops), self.model.config["latent_channels"], config.crop // FACTOR, config.crop // FACTOR)
        noise = torch.randn(shape, generator=random.torch) * torch.rand(len(crops), 1, 1, 1, generator=random.torch)
        latents, output = model(images, latent_noise=noise.to(device) * config.latent_noise)
        weight = 1 + config.moving_weight * moving
        parts = _reconstruction(output.float() - images, weight)
        total = parts["pixels"] + config.gradient_weight * parts["gradients"] + config.square_weight * parts["squares"]
        return total + 1e-3 * (latents.float().square() - _SPREAD_LIMIT**2).clamp_min(0).mean(), parts

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Draw a crop (c, c, 3) and where it moves (c, c)."""
        clips, size, crop = self._train, self._train.frames.shape[2], self.config.crop
        clip, frame = int(rng.integers(len(clips))), int(rng.integers(clips.frames.shape[1]))
        is_mask = rng.random() < self.config.mask_fraction
        moving = clips.hull(clip, frame) if is_mask else clips.moving(clip, frame)
        x, y = rng.integers(0, size - crop + 1, 2)
        if rng.random() < self.config.moving_fraction and moving.any():
            rows, columns = np.nonzero(moving)
            chosen = rng.integers(len(rows))
            middle = np.array([columns[chosen], rows[chosen]]) + rng.normal(0, crop / 8, 2) - crop / 2
            x, y = np.clip(middle, 0, size - crop).astype(int)
        window = np.s_[y : y + crop, x : x + crop]
        inside = moving[window]
        if is_mask:
            return white_on_black(inside), np.zeros(inside.shape, np.float32)
        return clips.frames[clip, frame][window], inside.astype(np.float32)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Return the held-out PSNR in dB, over all pixels and over those of hands and moved objects."""
        square = ((self._reconstruct(model).astype(np.float32) - self._frames) / 255) ** 2
        errors = {"psnr": square.mean(), "psnr_moving": square[self._moving].mean()}
        return {name: -10 * float(np.log10(max(float(error), 1e-10))) for name, error in errors.items()}

    def samples(self, model: nn.Module) -> NDArray[np.uint8]:
        """Return held-out frames above their reconstructions."""
        chosen = np.linspace(0, len(self._frames) - 1, 12).astype(int)
        return grid([self._frames[chosen], self._reconstruct(model)[chosen]], scale=2)

    def export(self, model: nn.Module, folder: Path) -> None:
        """Calibrate the latents' scale, unless the encoder was another's, and save to `folder`/autoencoder."""
        assert isinstance(model, NanoAutoencoder)
        if not self._encoder_kept:
            rng, count = np.random.default_rng(0), min(512, 4 * len(self._train))
            clips, frames = (rng.integers(end, size=count) for end in self._train.frames.shape[:2])
            model.calibrate(to_model(self._train.frames[clips, frames]).to(model.device))
        model.save_pretrained(folder / "autoencoder")

    def _reconstruct(self, model: nn.Module) -> NDArray[np.uint8]:
        device = next(model.parameters()).device
        batches = np.array_split(self._frames, max(1, len(self._frames) // 16))
        return np.concatenate([from_model(model(to_model(batch).to(device))[1]) for batch in batches])


def _reconstruction(error: Tensor, weight: Tensor) -> dict[str, Tensor]:
    """Weighted mean L1 of the error (n, 3, h, w), L1 of its gradients, and a scaled square."""
    across = (error[..., 1:] - error[..., :-1]).abs() * weight[..., 1:]
    down = (error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]
    return {
        "pixels": (error.abs() * weight).mean(),
        "gradients": across.mean() + down.mean(),
        "squares": (error.square() * weight).mean(),
    }


def _validation_frames(
    clips: ClipArrays, per_clip: int = 4, at_most: int = 128
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Choose frames, evenly spread over clips and time, and where they move."""
    last = clips.frames.shape[1] - 1
    pairs = [(clip, round(last * (k + 1) / per_clip)) for clip in range(len(clips)) for k in range(per_clip)]
    pairs = [pairs[i] for i in np.unique(np.linspace(0, len(pairs) - 1, at_most).astype(int))]
    frames = np.stack([clips.frames[clip, frame] for clip, frame in pairs])
    return frames, np.stack([clips.moving(clip, frame) for clip, frame in pairs])

"""What the two stages generate: conditioning, sampling of held-out clips, decoding, export."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import DPMSolverMultistepScheduler
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ...models.interfaces import ImageAutoencoder, VideoDenoiser
from ...models.sampler import denoise
from ..device import chosen_precision
from ..encoded.clips import LatentClips
from ..settings import DenoiserConfig
from ..stage import Stage, StepRandom

_SPREAD = 0.8  # Training scales residuals so that, where something changes, they have this spread


class TrainingData(NamedTuple):
    """Encoded training clips, those held out, and the frozen autoencoder that encoded them."""

    train: LatentClips
    held_out: LatentClips
    autoencoder: ImageAutoencoder


class LatentStage(Stage):
    """A stage that generates latents: what of, from which conditioning, and how they are sampled and decoded."""

    name: str  # Folder of the exported weights

    start_names: tuple[str, ...]  # Folders of weights to go on from; the first that is there is taken

    needs_masks = False  # Whether the masks' latents are generated

    def __init__(self, model: VideoDenoiser, config: DenoiserConfig, data: TrainingData) -> None:
        assert isinstance(model, ModelMixin)
        assert isinstance(data.autoencoder, ModelMixin)
        self.model, self.config, self.train, self.held_out = model, config, data.train, data.held_out
        self.autoencoder = data.autoencoder.eval().requires_grad_(False)
        schedule = model.noise_scheduler()
        self.alpha_bar, self.prediction_type = schedule.alphas_cumprod, str(schedule.config["prediction_type"])
        if model.space.residual:
            model.register_to_config(residual_scale=config.residual_scale or self._residual_scale())
        self.space = model.space

    @abstractmethod
    def targets(self, data: LatentClips, clips: Tensor) -> Tensor:
        """Return the latents (b, t, z, c, c) of what the stage shall generate."""

    def rest(self, data: LatentClips) -> Tensor | None:
        """Return the reference (z, c, c) of frames 1 and later, or None for the context's latent."""
        return None

    def region(self, data: LatentClips, clips: Tensor, random: StepRandom | None) -> Tensor | None:
        """Return the region input (b, t, 2, c, c), or None without; `random` is None in validation."""
        return None

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device

    def _residual_scale(self, clips: int = 256) -> float:
        """Find the scale from the residuals of some clips, where something changes."""
        chosen = torch.arange(0, len(self.train), max(1, len(self.train) // clips))
        latents = self.targets(self.train, chosen).float()
        context = self.train.latents[chosen, 0].float()
        residual = latents - self.model.space.reference(context, latents.shape[1], self.rest(self.train))
        where = (self.train.change[chosen] > 0)[:, None, None].expand_as(residual)
        return _SPREAD / max(float(residual[where].std() if where.any() else residual.std()), 1e-3)

    def _reference(self, data: LatentClips, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Return the latents of some clips' contexts (b, z, c, c), and what residuals add to (b, t, z, c, c)."""
        context, rest = data.latents[clips, 0].to(self.device).float(), self.rest(data)
        rest = None if rest is None else rest.to(self.device)
        return context, self.space.reference(context, data.latents.shape[1], rest)

    def conditions(
        self, data: LatentClips, clips: Tensor, context: Tensor, random: StepRandom | None
    ) -> dict[str, Tensor]:
        """Return the denoiser's keyword arguments for some clips."""
        tokens, mask = data.text(clips)
        appearance = data.appearance[clips].clone()
        if random is not None:
            unknown = torch.rand(len(clips), generator=random.torch) < self.config.drop_appearance
            appearance[unknown] = torch.nan
            if self.config.drop_text:
                without = torch.rand(len(clips), generator=random.torch) < self.config.drop_text
                tokens[without] = 0
        values = {"encoder_hidden_states": tokens, "encoder_attention_mask": mask, "context": context}
        values["appearance"] = appearance
        if (region := self.region(data, clips, random)) is not None:
            values["region"] = region
        return {name: value.to(self.device) for name, value in values.items()}

    @torch.no_grad()
    def sample(self, model: nn.Module, clips: Tensor, seed: int = 0) -> Tensor:
        """Generate the latents (b, t, z, c, c) of held-out clips from noise, in `sample_steps` steps."""
        context, reference = self._reference(self.held_out, clips)
        conditions = self.conditions(self.held_out, clips, context, None)
        noise = torch.randn(reference.shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        x = self._sampled(model, noise, conditions, self.config.sample_steps, self.config.extrapolation)
        return self.space.latents(x, reference)

    def _sampled(
        self, model: Any, noise: Tensor, conditions: dict[str, Tensor], steps: int, extrapolation: float = 0.0
    ) -> Tensor:
        """Sample x_0 (b, t, z, c, c) from unit noise of that shape."""
        scheduler = self._scheduler(steps)
        x = self.space.start(conditions["context"], noise, scheduler)
        with self._autocast():
            return denoise([model] * steps, scheduler, x, conditions, extrapolation)

    def _scheduler(self, steps: int) -> DPMSolverMultistepScheduler:
        scheduler = self.model.noise_scheduler()
        scheduler.set_timesteps(steps)
        return scheduler

    def _autocast(self) -> torch.autocast:
        """Return a context in which validation runs in bfloat16 if training does."""
        half = chosen_precision(self.config.precision, self.device) == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents (b, t, z, c, c) to images (b, t, 3, s, s)."""
        with self._autocast():
            images = self.autoencoder.decode(latents.flatten(0, 1))
        return images.float().unflatten(0, latents.shape[:2])

    def export(self, model: nn.Module, folder: Path) -> None:
        """See `Stage.export`: the denoiser, and the noise schedule that belongs to it."""
        assert isinstance(model, ModelMixin)
        if self.space.residual:
            sampling = {name: getattr(self.config, name) for name in ("sample_steps", "extrapolation")}
            model.register_to_config(residual_scale=self.space.scale, **sampling)
        model.save_pretrained(folder / self.name)
        self.model.noise_scheduler().save_pretrained(folder / "scheduler")

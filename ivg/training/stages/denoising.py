"""What the two stages share: drawing noisy samples, weighting errors, sampling held-out clips."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ...losses import huber_loss, noise_loss
from ...models.folder import load_component
from ...models.interfaces import ImageAutoencoder, VideoDenoiser
from ...models.noise import add_noise, draw_timesteps, output_error_weight, predicted_clean
from ...models.sampler import denoise
from ...models.weights import WEIGHTS_FILE
from ..device import chosen_precision
from ..encoded.clips import LatentClips
from ..encoded.loading import load_encoded_split
from ..networks import load_autoencoder, load_denoiser, load_text_encoder
from ..settings import DenoiserConfig, Run
from ..stage import Stage, StepRandom
from .distillation import TeacherSamples, make_teacher_samples

_SPREAD = 0.8
"""Training scales residuals so that, where something changes, they have this spread."""


@dataclass(frozen=True, eq=False)
class NoisyBatch:
    """A batch as the denoiser sees it, and the truth.

    Attributes:
        clips: int64 (b,), indices in the `LatentClips`.
        clean: Float (b, t, z, c, c), the samples x_0 (see `ivg.models.noise.SampleSpace`).
        noisy: Same shape, x_t.
        timesteps: int64 (b,).
        reference: Same shape as `clean`, what residuals add to; 0 where samples are the latents themselves.
        conditions: Keyword arguments of the denoiser.
    """

    clips: Tensor
    clean: Tensor
    noisy: Tensor
    timesteps: Tensor
    reference: Tensor
    conditions: dict[str, Tensor]


def load_clips(run: Run, device: torch.device, masks: bool) -> tuple[LatentClips, LatentClips, ImageAutoencoder]:
    """Return a run's encoded training clips, those held out, and the frozen autoencoder that encoded them."""
    autoencoder = load_autoencoder(run.model, run.autoencoder, device)
    text_encoder = None if Path(run.data.path).is_file() else load_text_encoder(run.model)
    clips, held_out = load_encoded_split(run.data, autoencoder, text_encoder, masks)
    return clips.to(device), held_out, autoencoder


class DenoiserStage(Stage):
    """A stage that trains a denoiser on cached latents.

    Args:
        model: The denoiser.
        config: How to train it.
        train: Clips to train on.
        held_out: Clips to judge it on.
        autoencoder: The frozen autoencoder.
    """

    name: str
    """Folder of the exported weights."""

    start_names: tuple[str, ...]
    """Folders of weights to go on from; the first that is there is taken."""

    needs_masks = False
    """Whether the masks' latents are generated."""

    def __init__(
        self,
        model: VideoDenoiser,
        config: DenoiserConfig,
        train: LatentClips,
        held_out: LatentClips,
        autoencoder: ImageAutoencoder,
    ) -> None:
        assert isinstance(model, ModelMixin)
        assert isinstance(autoencoder, ModelMixin)
        self.model = model
        self.train, self.held_out = train, held_out
        self.autoencoder = autoencoder.eval().requires_grad_(False)
        schedule = model.noise_scheduler()
        self.alpha_bar, self.prediction_type = schedule.alphas_cumprod, str(schedule.config["prediction_type"])
        self._config = config
        if model.space.residual:
            model.register_to_config(residual_scale=config.residual_scale or self._residual_scale())
        self.space = model.space
        self.teacher_samples: TeacherSamples | None = None

    @classmethod
    def build(cls, run: Run, device: torch.device) -> DenoiserStage:
        """See `Stage.build`."""
        clips, held_out, autoencoder = load_clips(run, device, cls.needs_masks)
        size, text_width = clips.masks.shape[2], clips.tokens.shape[2]
        model = load_denoiser(run.model, run.start, cls.start_names, size, text_width)
        assert isinstance(run.train, DenoiserConfig)
        stage = cls(model, run.train, clips, held_out, autoencoder)
        if run.teacher is not None:
            stage.distill(load_component(run.teacher, cls.name), run)
        return stage

    @abstractmethod
    def targets(self, data: LatentClips, clips: Tensor) -> Tensor:
        """Return the latents (b, t, z, c, c) of what the stage shall generate."""

    @abstractmethod
    def rest(self, data: LatentClips) -> Tensor | None:
        """Return the reference (z, c, c) of frames 1 and later, or None for the context's latent."""

    @abstractmethod
    def region(self, data: LatentClips, clips: Tensor, random: StepRandom | None) -> Tensor | None:
        """Return the region input (b, t, 2, c, c); `random` is None in validation."""

    @property
    def scale(self) -> float:
        """What residuals are multiplied with; 1 where samples are the latents themselves."""
        return self.space.scale

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
        spread = float(residual[where].std()) if where.any() else float(residual.std())
        return _SPREAD / max(spread, 1e-3)

    def batch(self, random: StepRandom) -> NoisyBatch:
        """Draw training samples."""
        config = self._config
        clips = torch.randint(len(self.train), (config.batch_size,), generator=random.torch)
        if self.teacher_samples is not None:
            return self._distilled(self.teacher_samples, clips, random)
        if config.timesteps is None:
            timesteps = draw_timesteps(len(clips), config.noise_bias, random.torch)
        else:
            drawn = torch.randint(len(config.timesteps), (len(clips),), generator=random.torch)
            timesteps = torch.tensor(config.timesteps)[drawn]
        return self.noised(self.train, clips, timesteps, random.on(self.device), random)

    def noised(
        self,
        data: LatentClips,
        clips: Tensor,
        timesteps: Tensor,
        generator: torch.Generator,
        random: StepRandom | None = None,
    ) -> NoisyBatch:
        """Noise some clips by Eq. 1 and gather what they are conditioned on."""
        latents = self.targets(data, clips).to(self.device).float()
        context, reference = self._reference(data, clips)
        clean = self.space.samples(latents, reference)
        noise = torch.randn(clean.shape, generator=generator, device=generator.device).to(self.device)
        noisy = add_noise(clean, noise, self.alpha_bar[timesteps].to(self.device))
        conditions = self.conditions(data, clips, context, random)
        return NoisyBatch(clips, clean, noisy, timesteps, reference, conditions)

    def _reference(self, data: LatentClips, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Return the latents of some clips' contexts (b, z, c, c), and what residuals add to (b, t, z, c, c)."""
        context = data.latents[clips, 0].to(self.device).float()
        rest = self.rest(data)
        frames = data.latents.shape[1]
        return context, self.space.reference(context, frames, None if rest is None else rest.to(self.device))

    def distill(self, teacher: VideoDenoiser, run: Run) -> None:
        """Train on a teacher's samples from now on, in one step, rather than on the clips themselves.

        Args:
            teacher: A network of the same stage, of the run's `teacher`.
            run: Its samples are kept beside its output.
        """
        assert isinstance(self.model, ModelMixin)
        assert isinstance(teacher, ModelMixin)
        assert run.teacher is not None
        with (run.teacher / self.name / WEIGHTS_FILE).open("rb") as file:
            about = f"{run.data.path}, {hashlib.file_digest(file, 'sha256').hexdigest()}"
        teacher.to(self.device)
        if self.space.residual:
            self.model.register_to_config(residual_scale=teacher.space.scale)
        self.space = teacher.space

        @torch.no_grad()
        def teach(noise: Tensor, clips: Tensor) -> Tensor:
            context, _ = self._reference(self.train, clips)
            conditions = self.conditions(self.train, clips, context, None)
            return self._sampled(teacher, noise.to(self.device), conditions, self._config.teacher_steps)

        config, shape = self._config, (len(self.train), self._config.teacher_draws, *self.train.latents.shape[1:])
        folder = run.output.with_name(f"{run.output.name}.lessons")
        self.teacher_samples = make_teacher_samples(teach, shape, folder, f"{about}, {config.teacher_steps} steps")

    def _distilled(self, samples: TeacherSamples, clips: Tensor, random: StepRandom) -> NoisyBatch:
        """Return the teacher's samples of some clips, with the noise that they were made of."""
        draws = torch.randint(samples.draws, (len(clips),), generator=random.torch)
        context, reference = self._reference(self.train, clips)
        scheduler = self._scheduler(1)
        noise = samples.noise(clips, draws).to(self.device)
        start = self.space.start(context, noise, scheduler)
        timesteps = scheduler.timesteps[:1].cpu().long().expand(len(clips))
        conditions = self.conditions(self.train, clips, context, random)
        clean = samples.samples[clips, draws].to(self.device).float()
        return NoisyBatch(clips, clean, start, timesteps, reference, conditions)

    def conditions(
        self, data: LatentClips, clips: Tensor, context: Tensor, random: StepRandom | None
    ) -> dict[str, Tensor]:
        """Return the denoiser's keyword arguments for some clips."""
        tokens, mask = data.text(clips)
        appearance = data.appearance[clips].clone()
        if random is not None:
            unknown = torch.rand(len(clips), generator=random.torch) < self._config.drop_appearance
            appearance[unknown] = torch.nan
            if self._config.drop_text:
                without = torch.rand(len(clips), generator=random.torch) < self._config.drop_text
                tokens[without] = 0
        values = {
            "encoder_hidden_states": tokens,
            "encoder_attention_mask": mask,
            "context": context,
            "appearance": appearance,
        }
        region = self.region(data, clips, random)
        if region is not None:
            values["region"] = region
        return {name: value.to(self.device) for name, value in values.items()}

    def predict(self, model: nn.Module, batch: NoisyBatch) -> Tensor:
        """Return the predicted clean samples x_0, whatever it is that the network predicts."""
        output: Tensor = model(batch.noisy, batch.timesteps.to(self.device), **batch.conditions).sample
        alpha_bar = self.alpha_bar[batch.timesteps].to(self.device)
        return predicted_clean(output.float(), batch.noisy, alpha_bar, self.prediction_type)

    def noise_loss(self, batch: NoisyBatch, prediction: Tensor) -> Tensor:
        """Return L_noise, weighted up where something changes, on hands and on moved objects.

        It is the squared error of what the network predicts, found from that of x_0 (`output_error_weight`).
        """
        config, data = self._config, self.train
        change = (data.change[batch.clips] > 0).float()[:, None]
        hands, moved = (part[batch.clips].float() / 255 for part in (data.hands, data.moved))
        weight = config.background_weight + config.region_weight * change
        weight = weight + config.hand_weight * hands + config.moved_weight * moved
        by_step = output_error_weight(self.alpha_bar[batch.timesteps], self.prediction_type)
        weight = weight.to(self.device) * by_step.view(-1, 1, 1, 1).to(self.device)
        weight = weight[:, :, None]
        if config.huber:
            return huber_loss(prediction, batch.clean, config.huber, weight)
        return noise_loss(prediction, batch.clean, weight)

    def latents_of(self, prediction: Tensor, reference: Tensor) -> Tensor:
        """Turn samples x_0 into latents."""
        return self.space.latents(prediction, reference)

    @torch.no_grad()
    def sample(self, model: nn.Module, clips: Tensor, seed: int = 0) -> Tensor:
        """Generate the latents (b, t, z, c, c) of held-out clips from noise, in `sample_steps` steps."""
        context, reference = self._reference(self.held_out, clips)
        conditions = self.conditions(self.held_out, clips, context, None)
        noise = torch.randn(reference.shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        x = self._sampled(model, noise, conditions, self._config.sample_steps, self._config.extrapolation)
        return self.latents_of(x, reference)

    def _sampled(
        self, model: Any, noise: Tensor, conditions: dict[str, Tensor], steps: int, extrapolation: float = 0.0
    ) -> Tensor:
        """Sample x_0 (b, t, z, c, c) from unit noise of that shape."""
        scheduler = self._scheduler(steps)
        x = self.space.start(conditions["context"], noise, scheduler)
        with self._autocast():
            return denoise([model] * steps, scheduler, x, conditions, extrapolation)

    def _scheduler(self, steps: int) -> DPMSolverMultistepScheduler:
        """Return the sampler, its steps set."""
        scheduler = self.model.noise_scheduler()
        scheduler.set_timesteps(steps)
        return scheduler

    def _autocast(self) -> torch.autocast:
        """Return a context in which validation runs in bfloat16 if training does."""
        half = chosen_precision(self._config.precision, self.device) == "bf16"
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
            sampling = {name: getattr(self._config, name) for name in ("sample_steps", "extrapolation")}
            model.register_to_config(residual_scale=self.scale, **sampling)
        model.save_pretrained(folder / self.name)
        self.model.noise_scheduler().save_pretrained(folder / "scheduler")

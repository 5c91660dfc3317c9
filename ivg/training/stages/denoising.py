"""How the two stages are trained: drawing noisy samples, weighting errors, learning from a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ...losses import huber_loss, noise_loss
from ...models.interfaces import VideoDenoiser
from ...models.loading import load_component
from ...models.noise import add_noise, draw_timesteps, output_error_weight, predicted_clean
from ..encoded.clips import LatentClips
from ..encoded.loading import load_encoded_split
from ..networks import load_autoencoder, load_denoiser, load_text_encoder
from ..settings import DenoiserConfig, Run
from ..stage import StepRandom
from .distillation import make_teacher_samples, teacher_noise, weights_hash
from .sampling import LatentStage, TrainingData


@dataclass(frozen=True, eq=False)
class NoisyBatch:
    """A batch as the denoiser sees it, and the truth; b clips."""

    clips: Tensor  # int64 (b,), indices in the `LatentClips`
    clean: Tensor  # float (b, t, z, c, c), the samples x_0 (see `ivg.models.noise.SampleSpace`)
    noisy: Tensor  # of the same shape, x_t
    timesteps: Tensor  # int64 (b,)
    reference: Tensor  # of the same shape, what residuals add to; 0 where samples are the latents themselves
    conditions: dict[str, Tensor]  # keyword arguments of the denoiser


class DenoiserStage(LatentStage):
    """A stage that trains a denoiser on cached latents."""

    teacher_samples: Tensor | None = None  # (n, k, t, z, c, c), learned in place of the clips

    @classmethod
    def build(cls, run: Run, device: torch.device) -> DenoiserStage:
        """See `Stage.build`."""
        data = load_clips(run, device, cls.needs_masks)
        size, text_width = data.train.masks.shape[2], data.train.tokens.shape[2]
        model = load_denoiser(run.model, run.start, cls.start_names, size, text_width)
        assert isinstance(run.train, DenoiserConfig)
        stage = cls(model, run.train, data)
        if run.teacher is not None:
            stage.distill(load_component(run.teacher, cls.name), run)
        return stage

    def batch(self, random: StepRandom) -> NoisyBatch:
        """Draw training samples."""
        config = self.config
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

    def distill(self, teacher: VideoDenoiser, run: Run) -> None:
        """Train on a teacher's samples, kept beside the run's output, in one step, rather than on the clips."""
        assert isinstance(self.model, ModelMixin)
        assert isinstance(teacher, ModelMixin)
        assert run.teacher is not None
        teacher.to(self.device)
        if self.space.residual:
            self.model.register_to_config(residual_scale=teacher.space.scale)
        self.space, config = teacher.space, self.config

        @torch.no_grad()
        def teach(noise: Tensor, clips: Tensor) -> Tensor:
            context, _ = self._reference(self.train, clips)
            conditions = self.conditions(self.train, clips, context, None)
            return self._sampled(teacher, noise.to(self.device), conditions, config.teacher_steps)

        about = f"{run.data.path}, {weights_hash(run.teacher / self.name)}, {config.teacher_steps} steps"
        shape = (len(self.train), config.teacher_draws, *self.train.latents.shape[1:])
        folder = run.output.with_name(f"{run.output.name}.lessons")
        self.teacher_samples = make_teacher_samples(teach, shape, folder, about)

    def _distilled(self, samples: Tensor, clips: Tensor, random: StepRandom) -> NoisyBatch:
        """Return the teacher's samples of some clips, with the noise that they were made of."""
        draws = torch.randint(samples.shape[1], (len(clips),), generator=random.torch)
        context, reference = self._reference(self.train, clips)
        scheduler = self._scheduler(1)
        noise = teacher_noise(clips, draws, tuple(samples.shape[2:])).to(self.device)
        start = self.space.start(context, noise, scheduler)
        timesteps = scheduler.timesteps[:1].cpu().long().expand(len(clips))
        conditions = self.conditions(self.train, clips, context, random)
        clean = samples[clips, draws].to(self.device).float()
        return NoisyBatch(clips, clean, start, timesteps, reference, conditions)

    def predict(self, model: nn.Module, batch: NoisyBatch) -> Tensor:
        """Return the predicted clean samples x_0, whatever it is that the network predicts."""
        output: Tensor = model(batch.noisy, batch.timesteps.to(self.device), **batch.conditions).sample
        alpha_bar = self.alpha_bar[batch.timesteps].to(self.device)
        return predicted_clean(output.float(), batch.noisy, alpha_bar, self.prediction_type)

    def noise_loss(self, batch: NoisyBatch, prediction: Tensor) -> Tensor:
        """Return L_noise, the squared error of the network's output, weighted up on changes, hands, moved objects."""
        config, data = self.config, self.train
        by_step = output_error_weight(self.alpha_bar[batch.timesteps], self.prediction_type)
        change = (data.change[batch.clips] > 0).float()[:, None]
        hands, moved = (part[batch.clips].float() / 255 for part in (data.hands, data.moved))
        weight = config.background_weight + config.region_weight * change
        weight = (weight + config.hand_weight * hands + config.moved_weight * moved).to(self.device)
        weight = (weight * by_step.view(-1, 1, 1, 1).to(self.device))[:, :, None]
        if config.huber:
            return huber_loss(prediction, batch.clean, config.huber, weight)
        return noise_loss(prediction, batch.clean, weight)


def load_clips(run: Run, device: torch.device, masks: bool) -> TrainingData:
    """Return what a run trains on."""
    autoencoder = load_autoencoder(run.model, run.autoencoder, device)
    text_encoder = None if Path(run.data.path).is_file() else load_text_encoder(run.model)
    clips, held_out = load_encoded_split(run.data, autoencoder, text_encoder, masks)
    return TrainingData(clips.to(device), held_out, autoencoder)

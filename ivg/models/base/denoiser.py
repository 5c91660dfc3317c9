"""The base scale's denoiser: a text-to-video U-Net of diffusers, widened for context, region and appearance."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, UNet3DConditionModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.resnet import ResnetBlock2D, TemporalConvLayer
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.transformers.transformer_temporal import TransformerTemporalModel
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...errors import WeightsError
from ..interfaces import APPEARANCE_WIDTH, REGION_CHANNELS, VideoDenoiserOutput, check_sample
from ..noise import PREDICTION_TYPES, STEPS, SampleSpace
from .encoders import arguments

SCHEDULE_KEYS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
)
"""What is taken over from a pretrained network's scheduler; how to sample is our choice."""

_OWN = ("in_channels", "out_channels", "sample_size", "cross_attention_dim", "time_cond_proj_dim")
"""Arguments of the U-Net that follow from the adapter's own."""

_RECOMPUTED = (ResnetBlock2D, TemporalConvLayer, Transformer2DModel, TransformerTemporalModel)
"""Parts whose inside is computed again in the backward pass when gradient checkpointing is on."""


class BaseVideoDenoiser(ModelMixin, ConfigMixin):
    """Predicts the noise in a clip's latents from the noisy ones, the context frame, text, region and appearance.

    The network is diffusers' `UNet3DConditionModel`. Its first convolution also takes the context's latent (repeated)
    and the region, its time embedding the person's appearance; the weights of all of these start at zero, so that a
    widened network gives the original's output whatever they are.

    `unet_config` holds the other keyword arguments of the network, `schedule` the `SCHEDULE_KEYS` of the noise schedule
    (of diffusers' schedulers) that it was trained with.
    """

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        latent_channels: int,
        latent_size: int,
        frames: int,
        text_width: int,
        unet_config: dict[str, Any],
        schedule: dict[str, Any],
    ) -> None:
        super().__init__()
        _check_schedule(schedule)
        self.unet = UNet3DConditionModel(
            in_channels=2 * latent_channels + REGION_CHANNELS,
            out_channels=latent_channels,
            sample_size=latent_size,
            cross_attention_dim=text_width,
            time_cond_proj_dim=APPEARANCE_WIDTH + 1,
            **unet_config,
        )
        nn.init.zeros_(self.unet.conv_in.weight[:, latent_channels:])
        nn.init.zeros_(self.unet.time_embedding.cond_proj.weight)

    @classmethod
    def from_unet(
        cls, unet: UNet3DConditionModel, schedule: dict[str, Any], latent_size: int, frames: int
    ) -> BaseVideoDenoiser:
        """Widen a pretrained text-to-video network, given its scheduler's configuration and the clips' size.

        A network that is not from latents to the noise in them, or whose schedule is not known, raises a
        `WeightsError`.
        """
        config = arguments(unet.config)
        channels, out, text_width = (config[name] for name in ("in_channels", "out_channels", "cross_attention_dim"))
        if channels != out or config["time_cond_proj_dim"] is not None:
            raise WeightsError(
                f"the network takes {channels} channels and gives {out}: give a text-to-video UNet3DConditionModel "
                "that has not been widened; to go on from a run of ivg-train give start=FOLDER"
            )
        rest = {name: value for name, value in config.items() if name not in _OWN}
        known = {name: schedule[name] for name in SCHEDULE_KEYS if name in schedule}
        with torch.device("meta"):  # its own random weights would be thrown away
            model = cls(channels, latent_size, frames, text_width, rest, known)
        weights = {name: value.float() for name, value in unet.state_dict().items()}
        for name in ("conv_in.weight", "time_embedding.cond_proj.weight"):
            weights[name] = _widened(weights.get(name), model.unet.get_parameter(name))
        model.unet.load_state_dict(weights, assign=True)
        return model

    sample_steps, extrapolation = 25, 0.0  # the paper's steps (Sec. 4.1); no extrapolation, as its guess is the noise

    @property
    def space(self) -> SampleSpace:
        """What the samples are: the latents themselves."""
        return SampleSpace(residual=False)

    def noise_scheduler(self) -> DPMSolverMultistepScheduler:
        """Return the pretrained noise schedule, and DPM-Solver++ to sample with."""
        return DPMSolverMultistepScheduler.from_config(dict(self.config["schedule"]), algorithm_type="dpmsolver++")

    def enable_gradient_checkpointing(self) -> None:
        """Recompute the parts' inside in the backward pass; diffusers' `UNet3DConditionModel` has no such thing."""
        for part in self.unet.modules():
            if isinstance(part, _RECOMPUTED) and "forward" not in vars(part):
                part.forward = partial(_recomputed, part.forward)

    def disable_gradient_checkpointing(self) -> None:
        """Keep everything for the backward pass."""
        for part in self.unet.modules():
            if isinstance(part, _RECOMPUTED):
                vars(part).pop("forward", None)

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | float,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor | None = None,
        *,
        context: Tensor,
        region: Tensor | None = None,
        appearance: Tensor | None = None,
        return_dict: bool = True,
    ) -> VideoDenoiserOutput | tuple[Tensor]:
        """Predict what the pretrained schedule says: the noise, as a rule.

        Arguments are `ivg.models.nano.denoiser.NanoVideoDenoiser.forward`'s; `encoder_attention_mask` is not looked at,
        as CLIP's padding is part of the text.
        """
        check_sample(self.config, sample, context)
        b, t = sample.shape[:2]
        if region is None:
            region = sample.new_zeros(b, t, REGION_CHANNELS, *sample.shape[-2:])
        x = torch.cat([sample, context[:, None].expand_as(sample), region.to(sample.dtype)], 2)
        prediction = self.unet(
            x.transpose(1, 2),
            timestep,
            encoder_hidden_states,
            timestep_cond=_appearance(b, appearance, sample),
            return_dict=False,
        )[0].transpose(1, 2)
        return VideoDenoiserOutput(sample=prediction) if return_dict else (prediction,)


def _widened(narrow: Tensor | None, like: Tensor) -> Tensor:
    """Return weights shaped `like`, zero but for those of the narrow layer in the first input channels."""
    wide = torch.zeros(like.shape)
    if narrow is not None:
        wide[:, : narrow.shape[1]] = narrow
    return wide


def _appearance(clips: int, appearance: Tensor | None, like: Tensor) -> Tensor:
    """Return the appearance and whether it is known, (b, 6); zeros where it is not."""
    if appearance is None:
        return like.new_zeros(clips, APPEARANCE_WIDTH + 1)
    known = appearance.isfinite().all(-1, keepdim=True)
    values = torch.cat([appearance.nan_to_num(), torch.ones_like(appearance[:, :1])], 1)
    return torch.where(known, values, torch.zeros_like(values)).to(like.dtype)


def _recomputed(forward: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a part; if there will be a backward pass, keep only its inputs until then."""
    if not torch.is_grad_enabled():
        return forward(*args, **kwargs)
    return checkpoint(forward, *args, use_reentrant=False, **kwargs)


def _check_schedule(schedule: dict[str, Any]) -> None:
    kind, steps = schedule.get("prediction_type", "epsilon"), schedule.get("num_train_timesteps", STEPS)
    if kind not in PREDICTION_TYPES:
        raise WeightsError(f"the schedule's prediction_type is {kind!r}; known are {', '.join(PREDICTION_TYPES)}")
    if steps != STEPS:
        raise WeightsError(f"the schedule has {steps} steps; networks with {STEPS} can be used")

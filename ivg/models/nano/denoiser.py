"""The nano model's denoiser: a compact (2+1)D U-Net over the latents of a clip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import DPMSolverMultistepScheduler
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from torch import Tensor, nn

from ...errors import InputError
from ..noise import SampleSpace, training_scheduler
from .text import WIDTH as TEXT_WIDTH

APPEARANCE_WIDTH = 5
"""Length of `ivg.types.Appearance.vector`."""

REGION_CHANNELS = 2
"""Channels of the region input: union over the clip, and the frame's own mask."""

_GROUPS = 8


@dataclass
class VideoDenoiserOutput(BaseOutput):
    """What the denoiser returns.

    Attributes:
        sample: Float (b, t, z, h, w), the prediction of the clean sample.
    """

    sample: Tensor


@dataclass(frozen=True, eq=False)
class _Condition:
    """What all blocks are told: frames a clip, embedding (b * t, e), text tokens (b, l, c) and their mask (b, l)."""

    frames: int
    embedding: Tensor
    text: Tensor
    text_mask: Tensor | None


class _TemporalConvolution(nn.Module):
    """A convolution over time, three frames wide, beside the identity; zero at the start.

    Frames lie channels last in memory, (b, t, h, w, c); seen as an image t high and h * w wide, they take an
    ordinary 3 x 1 convolution without a copy.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.conv = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        n, channels, height, width = x.shape
        h = F.silu(self.norm(x)).contiguous(memory_format=torch.channels_last)
        image = h.permute(0, 2, 3, 1).view(n // frames, frames, height * width, channels).permute(0, 3, 1, 2)
        image = self.conv(image).contiguous(memory_format=torch.channels_last)
        return x + image.permute(0, 2, 3, 1).view(n, height, width, channels).permute(0, 3, 1, 2)


class _Attention(nn.Module):
    """Self-attention over a clip, beside the identity; zero at the start.

    Args:
        channels: Channels.
        heads: Attention heads.
        frames: Frames of a clip, for the learned embedding of time.
        joint: Attend over space and time together; otherwise over time, each place for itself.
    """

    def __init__(self, channels: int, heads: int, frames: int, joint: bool) -> None:
        super().__init__()
        self.heads, self.joint = heads, joint
        self.norm = nn.LayerNorm(channels)
        self.time = nn.Parameter(torch.randn(frames, 1, channels) * 0.1)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        n, channels, height, width = x.shape
        tokens = _channels_last(x).view(n // frames, frames, height * width, channels)
        h = self.norm(tokens) + self.time
        query, key, value = (self._split(layer(h)) for layer in (self.query, self.key, self.value))
        mixed = _attend(query, key, value).transpose(1, 2).reshape(tokens.shape)
        return x + self.out(mixed).view(n, height, width, channels).permute(0, 3, 1, 2)

    def _split(self, h: Tensor) -> Tensor:
        """Turn (b, t, s, c) into (b, rows, length, c / heads); for attention over time every place is a row."""
        b, frames, space, channels = h.shape
        if self.joint:
            return h.view(b, frames * space, self.heads, channels // self.heads).transpose(1, 2)
        return h.view(b, frames, space * self.heads, channels // self.heads).transpose(1, 2)


class _CrossAttention(nn.Module):
    """Attention of every place to the text's tokens, beside the identity; zero at the start."""

    def __init__(self, channels: int, heads: int, text_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(text_width, channels)
        self.value = nn.Linear(text_width, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, condition: _Condition) -> Tensor:
        n, channels, height, width = x.shape
        tokens = _channels_last(x).view(n // condition.frames, condition.frames * height * width, channels)
        query, key, value = (
            h.view(len(h), -1, self.heads, channels // self.heads).transpose(1, 2)
            for h in (self.query(self.norm(tokens)), self.key(condition.text), self.value(condition.text))
        )
        mixed = _attend(query, key, value, condition.text_mask)
        mixed = self.out(mixed.transpose(1, 2).reshape(tokens.shape))
        return x + mixed.view(n, height, width, channels).permute(0, 3, 1, 2)


class _Block(nn.Module):
    """Residual block in space, modulated by the embedding (FiLM); then time, then attention."""

    def __init__(
        self,
        channels_in: int,
        channels: int,
        embedding: int,
        attention: _Attention | None,
        text: _CrossAttention | None,
    ) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(_GROUPS, channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.film = nn.Linear(embedding, 2 * channels)
        self.norm2 = nn.GroupNorm(_GROUPS, channels, affine=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        self.time = _TemporalConvolution(channels)
        self.attention = attention
        self.text = text

    def forward(self, x: Tensor, condition: _Condition) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(condition.embedding)[..., None, None].chunk(2, 1)
        h = self.conv2(F.silu(torch.addcmul(shift, self.norm2(h), 1 + scale)))
        x = self.time(self.skip(x) + h, condition.frames)
        if self.attention is not None:
            x = self.attention(x, condition.frames)
        return x if self.text is None else self.text(x, condition)


class NanoVideoDenoiser(ModelMixin, ConfigMixin):
    """Predicts the clean sample of a clip from a noisy one, the context frame, text, region and appearance.

    Three levels (1, 1/2 and 1/4 of the latents' size) with convolutions in space and in time. Attention runs
    over time at the two finer levels, over space and time together at the coarsest, where the text's tokens are
    attended to as well. Time step, frame number, pooled text and appearance modulate all blocks.

    The input channels of the region start at zero, so that stage 2 can go on from the weights of stage 1, which
    has no region.

    Args:
        latent_channels: Channels z of a latent.
        latent_size: Height and width of the latents.
        frames: Frames of a clip.
        widths: Channels of the three levels, multiples of 8 and of the level's heads.
        embedding_width: Channels of the embedding.
        heads: Attention heads of the three levels.
        text_width: Channels of a text token.
        residual_scale: What samples are multiplied with (see `ivg.models.noise`); training sets it.
        sample_steps: In how many steps it is sampled, if not told otherwise; training sets it.
        extrapolation: How far the last step goes beyond its guess (`ivg.models.sampler`); training sets it.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 12,
        latent_size: int = 16,
        frames: int = 16,
        widths: Sequence[int] = (96, 160, 224),
        embedding_width: int = 256,
        heads: Sequence[int] = (2, 4, 4),
        text_width: int = TEXT_WIDTH,
        residual_scale: float = 1.0,
        sample_steps: int = 10,
        extrapolation: float = 0.0,
    ) -> None:
        super().__init__()
        fine, middle, coarse = widths
        heads_of = dict(zip(widths, heads, strict=True))
        self.time_in = nn.Sequential(
            nn.Linear(128, embedding_width), nn.SiLU(), nn.Linear(embedding_width, embedding_width)
        )
        self.text_norm = nn.LayerNorm(text_width)
        self.text_in = nn.Linear(text_width, embedding_width)
        self.appearance_in = nn.Sequential(nn.Linear(APPEARANCE_WIDTH, 64), nn.SiLU(), nn.Linear(64, embedding_width))
        self.appearance_unknown = nn.Parameter(torch.zeros(embedding_width))
        self.frame = nn.Parameter(torch.randn(frames, embedding_width) * 0.5)
        self.place = nn.Parameter(torch.zeros(1, fine, latent_size, latent_size))
        self.conv_in = nn.Conv2d(2 * latent_channels + REGION_CHANNELS, fine, 3, padding=1)

        def block(inner: int, outer: int, attention: str = "", text: bool = False) -> _Block:
            over = _Attention(outer, heads_of[outer], frames, attention == "joint") if attention else None
            across = _CrossAttention(outer, heads_of[outer], text_width) if text else None
            return _Block(inner, outer, embedding_width, over, across)

        self.down_fine = nn.ModuleList([block(fine, fine, "time"), block(fine, fine)])
        self.shrink_fine = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.down_middle = nn.ModuleList([block(middle, middle, "time"), block(middle, middle, "time", text=True)])
        self.shrink_middle = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.bottom = nn.ModuleList([block(coarse, coarse, "joint", text=True) for _ in range(3)])
        self.grow_middle = nn.Conv2d(coarse, middle, 1)
        self.up_middle = nn.ModuleList([block(2 * middle, middle, "time", text=True), block(middle, middle, "time")])
        self.grow_fine = nn.Conv2d(middle, fine, 1)
        self.up_fine = nn.ModuleList([block(2 * fine, fine, "time"), block(fine, fine)])
        self.norm_out = nn.GroupNorm(_GROUPS, fine)
        self.conv_out = nn.Conv2d(fine, latent_channels, 3, padding=1)
        self._start_at_zero()
        self.to(memory_format=torch.channels_last)

    def _start_at_zero(self) -> None:
        """Let every residual branch, the output and the region's input start at zero."""
        zero: list[nn.Module] = [self.conv_out]
        for module in self.modules():
            if isinstance(module, _Block):
                zero += [module.film, module.conv2]
            elif isinstance(module, _TemporalConvolution):
                zero.append(module.conv)
            elif isinstance(module, _Attention | _CrossAttention):
                zero.append(module.out)
        for layer in zero:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.conv_in.weight[:, -REGION_CHANNELS:])

    @property
    def space(self) -> SampleSpace:
        """What the samples are: residuals to a reference."""
        return SampleSpace(residual=True, scale=float(self.config["residual_scale"]))

    @property
    def sample_steps(self) -> int:
        """See `ivg.models.interfaces.VideoDenoiser`."""
        return int(self.config["sample_steps"])

    @property
    def extrapolation(self) -> float:
        """How far the last step goes beyond its guess."""
        return float(self.config["extrapolation"])

    def noise_scheduler(self) -> DPMSolverMultistepScheduler:
        """Return the noise schedule of training, and DPM-Solver++ to sample with."""
        return training_scheduler()

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
        """Predict the clean sample.

        Args:
            sample: Float (b, t, z, h, w), the noisy sample.
            timestep: Step of the schedule in [0, 999], a number or (b,).
            encoder_hidden_states: Text tokens (b, l, 384).
            encoder_attention_mask: Bool (b, l), true where a token is; None if all are.
            context: Latent of the context frame (b, z, h, w).
            region: Float (b, t, 2, h, w) in [0, 1], the region's union and the frame's own; None for stage 1.
            appearance: Float (b, 5), `ivg.types.Appearance.vector`; NaN in a row, or None, where unknown.
            return_dict: Return an object with `.sample` rather than a tuple.

        Returns:
            The prediction, shaped like `sample`.
        """
        b, t, _, h, w = self._check(sample, context)
        condition = self._condition(b, t, timestep, encoder_hidden_states, encoder_attention_mask, appearance)
        if region is None:
            region = sample.new_zeros(b, t, REGION_CHANNELS, h, w)
        x = torch.cat([sample, context[:, None].expand(b, t, -1, h, w), region.to(sample.dtype)], 2).flatten(0, 1)
        x = self.conv_in(x.contiguous(memory_format=torch.channels_last)) + self.place
        prediction = self._run(x, condition).unflatten(0, (b, t))
        return VideoDenoiserOutput(sample=prediction) if return_dict else (prediction,)

    def _check(self, sample: Tensor, context: Tensor) -> tuple[int, int, int, int, int]:
        c = self.config
        expected = (c["frames"], c["latent_channels"], c["latent_size"], c["latent_size"])
        if sample.ndim != 5 or tuple(sample.shape[1:]) != expected:
            raise InputError(f"sample must have shape (b, {', '.join(map(str, expected))}), got {tuple(sample.shape)}")
        if tuple(context.shape) != (len(sample), *expected[1:]):
            raise InputError(f"context must have shape {(len(sample), *expected[1:])}, got {tuple(context.shape)}")
        b, t, z, h, w = sample.shape
        return b, t, z, h, w

    def _condition(
        self, b: int, t: int, timestep: Tensor | float, tokens: Tensor, mask: Tensor | None, appearance: Tensor | None
    ) -> _Condition:
        time = torch.as_tensor(timestep, dtype=torch.float32, device=tokens.device).reshape(-1).expand(b)
        tokens = self.text_norm(tokens)
        seen = tokens.new_ones(tokens.shape[:2]) if mask is None else mask.to(tokens.dtype)
        pooled = (tokens * seen[..., None]).sum(1) / seen.sum(1, keepdim=True).clamp_min(1)
        embedding = (
            self.time_in(_sinusoids(time / 1000, 128).to(self.frame.dtype))
            + self.text_in(pooled)
            + self._appearance(b, appearance)
        )
        embedding = F.silu((embedding[:, None] + self.frame).flatten(0, 1))
        return _Condition(t, embedding, tokens, None if mask is None or bool(mask.all()) else mask)

    def _appearance(self, b: int, appearance: Tensor | None) -> Tensor:
        if appearance is None:
            return self.appearance_unknown.expand(b, -1)
        known = appearance.isfinite().all(-1, keepdim=True)
        return torch.where(known, self.appearance_in(appearance.nan_to_num()), self.appearance_unknown)

    def _run(self, x: Tensor, condition: _Condition) -> Tensor:
        x = _through(self.down_fine, x, condition)
        kept_fine = x
        x = _through(self.down_middle, self.shrink_fine(x), condition)
        kept_middle = x
        x = _through(self.bottom, self.shrink_middle(x), condition)
        x = torch.cat([_twice(self.grow_middle(x)), kept_middle], 1)
        x = _through(self.up_middle, x, condition)
        x = torch.cat([_twice(self.grow_fine(x)), kept_fine], 1)
        x = _through(self.up_fine, x, condition)
        prediction: Tensor = self.conv_out(F.silu(self.norm_out(x)))
        return prediction


def _through(blocks: nn.ModuleList, x: Tensor, condition: _Condition) -> Tensor:
    for block in blocks:
        x = block(x, condition)
    return x


def _twice(x: Tensor) -> Tensor:
    """Double height and width."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend, (b, rows, length, width) each; `mask` is bool (b, length of key).

    Written out: for lengths like 16 the fused kernel of torch is several times slower on a CPU, backwards.
    """
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
    return scores.softmax(-1).to(value.dtype) @ value


def _channels_last(x: Tensor) -> Tensor:
    """See (n, c, h, w) as contiguous (n, h, w, c)."""
    return x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)


def _sinusoids(time: Tensor, width: int) -> Tensor:
    """Embed times (b,) in [0, 1] as sines and cosines (b, width)."""
    frequencies = 2 * torch.exp(torch.linspace(0, math.log(1000), width // 2, device=time.device))
    angles = time[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)

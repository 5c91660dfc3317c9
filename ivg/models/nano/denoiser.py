"""The nano model's denoiser: a compact (2+1)D U-Net over the latents of a clip."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers import DPMSolverMultistepScheduler
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from ..interfaces import APPEARANCE_WIDTH, REGION_CHANNELS, VideoDenoiserOutput, check_sample
from ..noise import SampleSpace, training_scheduler
from .blocks import GROUPS, Attention, Block, Condition, CrossAttention, TemporalConvolution
from .text import WIDTH as TEXT_WIDTH


class NanoVideoDenoiser(ModelMixin, ConfigMixin):
    """Predicts the clean sample of a clip from a noisy one, the context frame, text, region and appearance.

    Three levels (1, 1/2 and 1/4 of the latents' size) with convolutions in space and in time. Attention runs over time
    at the two finer levels, over space and time together at the coarsest, with cross-attention to the text. Time step,
    frame number, pooled text and appearance modulate all blocks. The input channels of the region start at zero, so
    that stage 2 can go on from the weights of stage 1, which has no region.

    Args:
        latent_channels: Channels z of a latent.
        latent_size: Height and width of the latents.
        frames: Frames of a clip.
        widths: Channels of the three levels, multiples of 8 and of the level's heads.
        embedding_width: Channels of the embedding.
        heads: Attention heads of the three levels.
        text_width: Channels of a text token.
        residual_scale: What samples are multiplied with (see `ivg.models.noise`); training sets this and the rest.
        sample_steps: Default number of denoising steps.
        extrapolation: How far the last step goes beyond its guess (`ivg.models.sampler`).
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
        e = embedding_width
        self.time_in = nn.Sequential(nn.Linear(128, e), nn.SiLU(), nn.Linear(e, e))
        self.text_norm = nn.LayerNorm(text_width)
        self.text_in = nn.Linear(text_width, e)
        self.appearance_in = nn.Sequential(nn.Linear(APPEARANCE_WIDTH, 64), nn.SiLU(), nn.Linear(64, e))
        self.appearance_unknown = nn.Parameter(torch.zeros(e))
        self.frame = nn.Parameter(torch.randn(frames, e) * 0.5)
        self.place = nn.Parameter(torch.zeros(1, fine, latent_size, latent_size))
        self.conv_in = nn.Conv2d(2 * latent_channels + REGION_CHANNELS, fine, 3, padding=1)

        def block(inner: int, outer: int, attention: str = "", text: bool = False) -> Block:
            over = Attention(outer, heads_of[outer], frames, attention == "joint") if attention else None
            across = CrossAttention(outer, heads_of[outer], text_width) if text else None
            return Block(inner, outer, e, over, across)

        self.down_fine = nn.ModuleList([block(fine, fine, "time"), block(fine, fine)])
        self.shrink_fine = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.down_middle = nn.ModuleList([block(middle, middle, "time"), block(middle, middle, "time", text=True)])
        self.shrink_middle = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.bottom = nn.ModuleList([block(coarse, coarse, "joint", text=True) for _ in range(3)])
        self.grow_middle = nn.Conv2d(coarse, middle, 1)
        self.up_middle = nn.ModuleList([block(2 * middle, middle, "time", text=True), block(middle, middle, "time")])
        self.grow_fine = nn.Conv2d(middle, fine, 1)
        self.up_fine = nn.ModuleList([block(2 * fine, fine, "time"), block(fine, fine)])
        self.norm_out = nn.GroupNorm(GROUPS, fine)
        self.conv_out = nn.Conv2d(fine, latent_channels, 3, padding=1)
        self._start_at_zero()
        self.to(memory_format=torch.channels_last)

    def _start_at_zero(self) -> None:
        """Let every residual branch, the output and the region's input start at zero."""
        zero: list[nn.Module] = [self.conv_out]
        for module in self.modules():
            if isinstance(module, Block):
                zero += [module.film, module.conv2]
            elif isinstance(module, TemporalConvolution):
                zero.append(module.conv)
            elif isinstance(module, Attention | CrossAttention):
                zero.append(module.out)
        for layer in zero:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.conv_in.weight[:, -REGION_CHANNELS:])

    @property
    def space(self) -> SampleSpace:
        """Residuals to a reference."""
        return SampleSpace(residual=True, scale=float(self.config["residual_scale"]))

    @property
    def sample_steps(self) -> int:
        """See `ivg.models.interfaces.VideoDenoiser`."""
        return int(self.config["sample_steps"])

    @property
    def extrapolation(self) -> float:
        """See `ivg.models.interfaces.VideoDenoiser`."""
        return float(self.config["extrapolation"])

    def noise_scheduler(self) -> DPMSolverMultistepScheduler:
        """See `ivg.models.interfaces.VideoDenoiser`."""
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
        check_sample(self.config, sample, context)
        b, t, _, h, w = sample.shape
        condition = self._condition(b, t, timestep, encoder_hidden_states, encoder_attention_mask, appearance)
        if region is None:
            region = sample.new_zeros(b, t, REGION_CHANNELS, h, w)
        x = torch.cat([sample, context[:, None].expand(b, t, -1, h, w), region.to(sample.dtype)], 2).flatten(0, 1)
        x = self.conv_in(x.contiguous(memory_format=torch.channels_last)) + self.place
        prediction = self._run(x, condition).unflatten(0, (b, t))
        return VideoDenoiserOutput(sample=prediction) if return_dict else (prediction,)

    def _condition(
        self, b: int, t: int, timestep: Tensor | float, tokens: Tensor, mask: Tensor | None, appearance: Tensor | None
    ) -> Condition:
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
        return Condition(t, embedding, tokens, None if mask is None or bool(mask.all()) else mask)

    def _appearance(self, b: int, appearance: Tensor | None) -> Tensor:
        if appearance is None:
            return self.appearance_unknown.expand(b, -1)
        known = appearance.isfinite().all(-1, keepdim=True)
        return torch.where(known, self.appearance_in(appearance.nan_to_num()), self.appearance_unknown)

    def _run(self, x: Tensor, condition: Condition) -> Tensor:
        fine = x = _through(self.down_fine, x, condition)
        middle = x = _through(self.down_middle, self.shrink_fine(x), condition)
        x = _through(self.bottom, self.shrink_middle(x), condition)
        x = torch.cat([F.interpolate(self.grow_middle(x), scale_factor=2.0), middle], 1)
        x = _through(self.up_middle, x, condition)
        x = torch.cat([F.interpolate(self.grow_fine(x), scale_factor=2.0), fine], 1)
        x = _through(self.up_fine, x, condition)
        return self.conv_out(F.silu(self.norm_out(x)))  # type: ignore[no-any-return]


def _through(blocks: nn.ModuleList, x: Tensor, condition: Condition) -> Tensor:
    return functools.reduce(lambda y, block: block(y, condition), blocks, x)


def _sinusoids(time: Tensor, width: int) -> Tensor:
    """Embed times (b,) in [0, 1] as sines and cosines (b, width)."""
    frequencies = 2 * torch.exp(torch.linspace(0, math.log(1000), width // 2, device=time.device))
    angles = time[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)

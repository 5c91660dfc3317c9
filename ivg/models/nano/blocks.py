"""The blocks of the nano model's denoiser: convolutions in space and time, and attention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 8  # groups of the group norms


@dataclass(frozen=True, eq=False)
class Condition:
    """Conditioning of all blocks: frames a clip, embedding (b * t, e), text tokens (b, l, c) and their mask (b, l)."""

    frames: int
    embedding: Tensor
    text: Tensor
    text_mask: Tensor | None


class TemporalConvolution(nn.Module):
    """A convolution over time, three frames wide, beside the identity; zero at the start.

    Frames lie channels last in memory, (b, t, h, w, c); seen as an image t high and h * w wide, they take an ordinary 3
    x 1 convolution without a copy.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.conv = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """Return (b * t, c, h, w) of the same shape, for clips of `frames` frames."""
        n, channels, height, width = x.shape
        h = F.silu(self.norm(x)).contiguous(memory_format=torch.channels_last)
        image = h.permute(0, 2, 3, 1).view(n // frames, frames, height * width, channels).permute(0, 3, 1, 2)
        image = self.conv(image).contiguous(memory_format=torch.channels_last)
        return x + image.permute(0, 2, 3, 1).view(n, height, width, channels).permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Self-attention over a clip, beside the identity; zero at the start.

    `frames` is the length of the learned embedding of time. `joint` attends over space and time together, otherwise
    over time, each position for itself.
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
        """Return (b * t, c, h, w) of the same shape, for clips of `frames` frames."""
        n, channels, height, width = x.shape
        tokens = _channels_last(x).view(n // frames, frames, height * width, channels)
        h = self.norm(tokens) + self.time
        query, key, value = (self._split(layer(h)) for layer in (self.query, self.key, self.value))
        attended = _attend(query, key, value).transpose(1, 2).reshape(tokens.shape)
        return x + self.out(attended).view(n, height, width, channels).permute(0, 3, 1, 2)

    def _split(self, h: Tensor) -> Tensor:
        """Turn (b, t, s, c) into (b, rows, length, c / heads); for attention over time every position is a row."""
        b, frames, space, channels = h.shape
        shape = (frames * space, self.heads) if self.joint else (frames, space * self.heads)
        return h.view(b, *shape, channels // self.heads).transpose(1, 2)


class CrossAttention(nn.Module):
    """Attention of every position to the text's tokens, beside the identity; zero at the start."""

    def __init__(self, channels: int, heads: int, text_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(text_width, channels)
        self.value = nn.Linear(text_width, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        """Return (b * t, c, h, w) of the same shape."""
        n, channels, height, width = x.shape
        tokens = _channels_last(x).view(n // condition.frames, condition.frames * height * width, channels)
        query, key, value = (
            h.view(len(h), -1, self.heads, channels // self.heads).transpose(1, 2)
            for h in (self.query(self.norm(tokens)), self.key(condition.text), self.value(condition.text))
        )
        attended = _attend(query, key, value, condition.text_mask)
        attended = self.out(attended.transpose(1, 2).reshape(tokens.shape))
        return x + attended.view(n, height, width, channels).permute(0, 3, 1, 2)


class Block(nn.Module):
    """Residual block in space, modulated by the embedding (FiLM); then time, then attention."""

    def __init__(
        self, channels_in: int, channels: int, embedding: int, attention: Attention | None, text: CrossAttention | None
    ) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.film = nn.Linear(embedding, 2 * channels)
        self.norm2 = nn.GroupNorm(GROUPS, channels, affine=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        self.time = TemporalConvolution(channels)
        self.attention = attention
        self.text = text

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        """Return (b * t, c_out, h, w) of (b * t, c_in, h, w)."""
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(condition.embedding)[..., None, None].chunk(2, 1)
        h = self.conv2(F.silu(torch.addcmul(shift, self.norm2(h), 1 + scale)))
        x = self.time(self.skip(x) + h, condition.frames)
        if self.attention is not None:
            x = self.attention(x, condition.frames)
        return x if self.text is None else self.text(x, condition)


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

"""A temporal U-Net over chunks of actions (Chi et al. 2023, Sec. 3.1, "CNN-based"; Janner et al. 2022)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two convolutions over time, scaled and shifted by the conditioning (FiLM, Perez et al. 2018)."""

    def __init__(self, before: int, after: int, known: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(before, after, 3, padding=1), nn.GroupNorm(8, after))
        self.second = nn.Sequential(nn.Conv1d(after, after, 3, padding=1), nn.GroupNorm(8, after), nn.SiLU())
        self.film = nn.Linear(known, 2 * after)
        self.skip = nn.Conv1d(before, after, 1) if before != after else nn.Identity()

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Map (b, before, t) to (b, after, t)."""
        scale, shift = self.film(known)[..., None].chunk(2, 1)
        inner = nn.functional.silu(self.first(x) * (1 + scale) + shift)
        out: Tensor = self.skip(x) + self.second(inner)
        return out


class TemporalUNet(nn.Module):
    """Predicts a clean chunk, or its noise, from a noisy one (b, t, size).

    It is conditioned on an encoded observation of width `known` and on `ahead` numbers of each step of the chunk. Each
    of the channels `widths`, multiples of 8, but the first halves the length.
    """

    def __init__(self, size: int, widths: Sequence[int], known: int, ahead: int = 0) -> None:
        super().__init__()
        self.time_width = widths[0]
        self.time = nn.Sequential(nn.Linear(widths[0], 2 * known), nn.SiLU(), nn.Linear(2 * known, known))
        self.known = nn.Sequential(nn.Linear(2 * known, known), nn.SiLU())
        befores = (size + ahead, *widths[:-1])
        self.down = nn.ModuleList(
            ResidualBlock(before, after, known) for before, after in zip(befores, widths, strict=True)
        )
        self.shrink = nn.ModuleList(nn.Conv1d(width, width, 3, 2, 1) for width in widths[:-1])
        self.middle = ResidualBlock(widths[-1], widths[-1], known)
        self.grow = nn.ModuleList(nn.Conv1d(after, before, 1) for before, after in itertools.pairwise(widths))
        self.up = nn.ModuleList(ResidualBlock(2 * width, width, known) for width in widths)
        self.out = nn.Conv1d(widths[0] + ahead, size, 1)

    def forward(self, noisy: Tensor, timestep: Tensor, known: Tensor, ahead: Tensor | None = None) -> Tensor:
        """Return (b, t, size) for integer timesteps (b,), observations (b, known) and steps (b, t, ahead)."""
        local = [] if ahead is None else [ahead.mT]
        x = torch.cat([noisy.mT, *local], 1)
        time = self.time(get_timestep_embedding(timestep, self.time_width))
        conditioning = self.known(torch.cat([known, time], -1))
        kept = []
        for level, block in enumerate(self.down):
            x = block(x, conditioning)
            kept.append(x)
            if level < len(self.shrink):
                x = self.shrink[level](x)
        x = self.middle(x, conditioning)
        for level in reversed(range(len(self.up))):
            x = self.up[level](torch.cat([x, kept[level]], 1), conditioning)
            if level:
                x = self.grow[level - 1](nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        out: Tensor = self.out(torch.cat([x, *local], 1)).mT
        return out

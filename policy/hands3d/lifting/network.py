"""The lifting network: the rays of one hand over a clip to its joints in metres."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ivg.types import JOINTS

# Units of the outputs: offsets of rays (at depth 1), and logarithms of the hand's depth and of its joints'.
_OFFSET, _DEPTH, _SHAPE = 0.03, 0.1, 0.03
# Joints about their middle, the middle, size, presence and confidence, the camera's position, the side.
_FEATURES = 2 * JOINTS + 2 + 1 + 2 + 3 + 1


class LifterNetwork(nn.Module):
    """A transformer over the frames of a clip, one hand at a time, right hands and mirrored left ones.

    The joints lie on the given rays, with small offsets, at predicted depths: for each frame the hand's, times each
    joint's. The rays of absent frames are interpolated.

    The tokens, one a frame for at most `frames` frames, are of a `width`; an output of 0 is a depth of `mean_depth_m`.
    """

    def __init__(
        self, width: int = 128, layers: int = 3, heads: int = 4, frames: int = 16, mean_depth_m: float = 0.7
    ) -> None:
        super().__init__()
        self.config = {"width": width, "layers": layers, "heads": heads, "frames": frames, "mean_depth_m": mean_depth_m}
        self.frames, self.mean_depth_m = frames, mean_depth_m
        self.embed = nn.Linear(_FEATURES, width)
        self.places = nn.Parameter(torch.randn(frames, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 3 * JOINTS + 1)
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)

    def forward(self, rays: Tensor, present: Tensor, score: Tensor, position: Tensor, is_right: Tensor) -> Tensor:
        """Lift hands to float (b, t, 21, 3), m, in the canonical camera; absent frames hold estimates.

        Rays (b, t, 21, 2), at depth 1, hold anything where absent; at least one frame of each clip must be present
        (b, t). The detector's confidence (b, t) lies in [0, 1]; the position (b, 3), m, is `CanonicalCamera.position`;
        left hands are mirrored.
        """
        rays = between(rays, present)
        tokens = self.embed(_features(rays, present, score, position, is_right)) + self.places[: rays.shape[1]]
        out = self.head(self.encoder(tokens))
        offsets = _OFFSET * out[..., : 2 * JOINTS].unflatten(-1, (JOINTS, 2))
        depth = self.mean_depth_m * torch.exp(_DEPTH * out[..., -1:] + _SHAPE * out[..., 2 * JOINTS : -1])
        moved = rays + offsets
        return torch.cat([moved, torch.ones_like(moved[..., :1])], -1) * depth[..., None]


def between(rays: Tensor, present: Tensor) -> Tensor:
    """Interpolate rays (b, t, 21, 2) of absent frames linearly; at the ends take the nearest present (b, t) one."""
    t = rays.shape[1]
    time = torch.arange(t, device=rays.device).expand(present.shape)
    before = torch.where(present, time, -1).cummax(1).values
    after = torch.where(present, time, t).flip(1).cummin(1).values.flip(1)
    first = torch.where(before < 0, after, before).clamp(0, t - 1)
    last = torch.where(after >= t, before, after).clamp(0, t - 1)
    fraction = (time - first) / (last - first).clamp_min(1)
    rows = torch.arange(len(rays), device=rays.device)[:, None]
    clean = torch.where(present[..., None, None], rays, 0.0)
    low, high = clean[rows, first], clean[rows, last]
    return low + fraction[..., None, None] * (high - low)


def _features(rays: Tensor, present: Tensor, score: Tensor, position: Tensor, is_right: Tensor) -> Tensor:
    """Return float (b, t, f), each about of unit size."""
    b, t = present.shape
    middle = rays.mean(2)
    shape = rays - middle[:, :, None]
    size = shape.square().sum(-1).mean(-1, keepdim=True).clamp_min(1e-8).sqrt()
    seen = torch.stack([present.to(rays.dtype), score * present], -1)
    clip = torch.cat([position * 100, is_right.to(rays.dtype)[:, None] * 2 - 1], -1)
    return torch.cat([shape.flatten(2) * 15, middle * 6, (size * 15).log(), seen, clip[:, None].expand(b, t, -1)], -1)

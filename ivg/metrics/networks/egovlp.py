"""EgoVLP's embeddings of clips (Lin et al. 2022, arXiv 2206.01670).

Its video side is the space-time transformer of Frozen in Time (Bain et al. 2021, arXiv 2104.00650): each block attends
over time, then over space, with a class token that sees everything. Its weights are on no package index and in no
library: the authors give a checkpoint (``EgoVLP_PT_BEST.pth``) for download by hand.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import WeightsError
from .unpickle import load_tensors

CROP = 256
HEAD = 64  # channels of a head of attention, as in every ViT of this family
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class Attention(nn.Module):
    """Tokens attend to the class token and their own group; the class token attends to all."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, frames: int, *, over_time: bool) -> Tensor:
        """(b, 1 + frames * places, width) to the same; groups are places over time, or frames over space."""
        b, tokens, width = x.shape
        qkv = self.qkv(x).reshape(b, tokens, 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)
        whole = F.scaled_dot_product_attention(qkv[0][:, :, :1], qkv[1], qkv[2])
        grouped = qkv[:, :, :, 1:].unflatten(3, (frames, -1))
        if over_time:
            grouped = grouped.transpose(3, 4)
        q, k, v = grouped
        class_k, class_v = (one[:, :, None, :1].expand(-1, -1, q.shape[2], -1, -1) for one in (qkv[1], qkv[2]))
        out = F.scaled_dot_product_attention(q, torch.cat([class_k, k], 3), torch.cat([class_v, v], 3))
        if over_time:
            out = out.transpose(2, 3)
        joined = torch.cat([whole, out.flatten(2, 3)], 2)
        projected: Tensor = self.proj(joined.transpose(1, 2).reshape(b, tokens, width))
        return projected


class Block(nn.Module):
    """Attention over time, then over space; what attention over time adds is seen by that over space only."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width, eps=1e-6) for _ in range(3))
        self.attn, self.timeattn = Attention(width), Attention(width)
        layers = {"fc1": nn.Linear(width, hidden), "gelu": nn.GELU(), "fc2": nn.Linear(hidden, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """(b, 1 + frames * places, width) to the same."""
        timed = x + self.timeattn(self.norm3(x), frames, over_time=True)
        x = x + self.attn(self.norm1(timed), frames, over_time=False)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class SpaceTimeTransformer(nn.Module):
    """Clips to embeddings; the parameters have the names that the checkpoint gives them.

    Tokens have `width` channels, the `depth` MLPs `hidden` ones, the embedding `embedding`; a clip has `frames` frames
    of `places` patches of `patch` px.
    """

    def __init__(
        self, *, width: int, depth: int, hidden: int, patch: int, places: int, frames: int, embedding: int
    ) -> None:
        super().__init__()
        self.frames, self.size = frames, patch * round(places**0.5)
        video = nn.Module()
        video.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        video.pos_embed = nn.Parameter(torch.zeros(1, places + 1, width))
        video.temporal_embed = nn.Parameter(torch.zeros(1, frames, width))
        video.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, patch)})
        video.blocks = nn.ModuleList(Block(width, hidden) for _ in range(depth))
        video.norm = nn.LayerNorm(width, eps=1e-6)
        self.video_model = video
        self.vid_proj = nn.Sequential(nn.Linear(width, embedding))

    @classmethod
    def of(cls, state: dict[str, Tensor]) -> SpaceTimeTransformer:
        """Builds and loads the network of a checkpoint's video side; WeightsError if that is no whole EgoVLP."""
        own = {name: tensor for name, tensor in state.items() if name.startswith(("video_model.", "vid_proj."))}
        try:
            projection = own["video_model.patch_embed.proj.weight"]
            network = cls(
                width=len(projection),
                depth=len({name.split(".")[2] for name in own if name.startswith("video_model.blocks.")}),
                hidden=len(own["video_model.blocks.0.mlp.fc1.weight"]),
                patch=projection.shape[-1],
                places=own["video_model.pos_embed"].shape[1] - 1,
                frames=own["video_model.temporal_embed"].shape[1],
                embedding=len(own["vid_proj.0.weight"]),
            )
            network.load_state_dict(own)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(f"the checkpoint is no EgoVLP: {str(error).splitlines()[-1].strip()}") from error
        return network

    def forward(self, clips: Tensor) -> Tensor:
        """Returns embeddings (b, d) of clips, float (b, frames, 3, size, size), normalised as ImageNet's images."""
        video = self.video_model
        b, frames = clips.shape[:2]
        patches = video.patch_embed["proj"](clips.flatten(0, 1)).flatten(2).transpose(1, 2)
        patches = patches.unflatten(0, (b, frames)) + video.pos_embed[:, None, 1:] + video.temporal_embed[:, :, None]
        start = (video.cls_token + video.pos_embed[:, :1]).expand(b, -1, -1)
        x = torch.cat([start, patches.flatten(1, 2)], 1)
        for block in video.blocks:
            x = block(x, frames)
        embeddings: Tensor = self.vid_proj(video.norm(x)[:, 0])
        return embeddings


class EgoVLPEmbeddings:
    """Embeds clips, by the authors' checkpoint as downloaded, or its tensors as safetensors.

    Raises:
        WeightsError: If no checkpoint is given, or it is no EgoVLP.
    """

    def __init__(self, source: str | None, device: str | torch.device = "cpu") -> None:
        if source is None:
            raise WeightsError("download EgoVLP_PT_BEST.pth from its authors, give --egovlp FILE")
        network = SpaceTimeTransformer.of(load_tensors(Path(source).expanduser()))
        self.model = network.to(device).eval().requires_grad_(False)
        self.source = source

    @torch.no_grad()
    def clips(self, clips: Tensor) -> Tensor:
        """Returns embeddings (b, d) of clips, uint8 (b, t, h, w, 3).

        Of each clip as many frames are taken as the checkpoint was trained with (4), in the middle of equal stretches;
        they are resized to 256 on their shorter side, cropped to the middle 256, resized to 224, as its authors do.
        """
        count = self.model.frames
        middles = ((torch.arange(count) + 0.5) * clips.shape[1] / count).long()
        frames = clips[:, middles].permute(0, 1, 4, 2, 3).flatten(0, 1).float() / 255
        mean, std = (torch.tensor(values, device=frames.device)[:, None, None] for values in (_MEAN, _STD))
        scale = CROP / min(frames.shape[-2:])
        height, width = (max(CROP, int(length * scale)) for length in frames.shape[-2:])
        top, left = (round((length - CROP) / 2) for length in (height, width))
        cropped = _resized(frames, (height, width))[..., top : top + CROP, left : left + CROP]
        prepared = (_resized(cropped, (self.model.size, self.model.size)) - mean) / std
        embeddings: Tensor = self.model(prepared.unflatten(0, (len(clips), count)))
        return embeddings


def _resized(frames: Tensor, size: tuple[int, int]) -> Tensor:
    resized: Tensor = F.interpolate(frames, size, mode="bilinear", align_corners=False)
    return resized

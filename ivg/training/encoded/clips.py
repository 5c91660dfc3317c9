"""Encoded clips in memory: latents, masks and weights, texts as tokens; images to and from the model's range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from ...models.interfaces import ImageAutoencoder
from ..device import bf16_pays

_SPARE = 0.25  # Fraction of the free memory of a GPU that training clips may take up


@dataclass(frozen=True, eq=False)
class LatentClips:
    """Encoded clips; c is the latents' height and width, s that of the frames."""

    latents: Tensor  # float16 (n, t, z, c, c), of the frames
    mask_latents: Tensor  # float16 (n, t, z, c, c), of the region's masks as white on black images
    black: Tensor  # float32 (z, c, c), latent of a black image
    masks: Tensor  # uint8 (n, t, s, s / 8), the region of motion per frame, bits packed (numpy's order: highest first)
    hands: Tensor  # uint8 (n, t, c, c), fraction of hands in a cell, of 255; the arm outside the hull counts half
    moved: Tensor  # uint8 (n, t, c, c), fraction of moved objects that look changed
    change: Tensor  # uint8 (n, c, c), fraction of pixels near to any that change during the clip
    appearance: Tensor  # float32 (n, 5), NaN where unknown
    keypoints: Tensor  # float32 (n, t, 2, 21, 2), the annotated hands, normalised; NaN where there is none
    tokens: Tensor  # float32 (m, l, width), the distinct texts
    token_mask: Tensor  # bool (m, l)
    text_of: Tensor  # int64 (n,), each clip's text
    indices: NDArray[np.int64]  # int64 (n,), the clips' indices in the store

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.indices)

    def to(self, device: torch.device) -> LatentClips:
        """Return these clips in a device's memory, if it is the CPU's or has room to spare; else as they are."""
        tensors = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if sum(value.nbytes for value in tensors.values()) > free * _SPARE:
                return self
        return replace(self, **{name: value.to(device) for name, value in tensors.items()})

    def region(self, clips: Tensor) -> Tensor:
        """Return the masks of some clips, float (b, t, s, s), 0 or 1, where the clips are."""
        packed = self.masks[clips]
        bits = torch.arange(7, -1, -1, dtype=torch.uint8, device=packed.device)
        return ((packed[..., None] >> bits) & 1).flatten(-2).float()

    def unions(self) -> NDArray[np.bool_]:
        """Return the union of every clip's region of motion, bool (n, s, s)."""
        return np.unpackbits(np.bitwise_or.reduce(self.masks.cpu().numpy(), axis=1), axis=-1).astype(bool)

    def text(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (b, l, width) and their mask (b, l) of some clips, no longer than they need to be."""
        chosen = self.text_of[clips]
        mask = self.token_mask[chosen]
        length = int(mask.sum(1).max())
        return self.tokens[chosen, :length], mask[:, :length]

    def select(self, chosen: NDArray[np.bool_]) -> LatentClips:
        """Return the clips of a mask (n,); the texts stay as they are."""
        rows = torch.from_numpy(np.flatnonzero(chosen))
        shared = ("black", "tokens", "token_mask", "indices")
        own = {name: value[rows] for name, value in vars(self).items() if name not in shared}
        return replace(self, **own, indices=self.indices[chosen])


def join(parts: Sequence[LatentClips]) -> LatentClips:
    """Put clips of one autoencoder and one text encoder together; texts stay apart, part by part."""
    longest = max(part.tokens.shape[1] for part in parts)
    starts = np.cumsum([0, *(len(part.tokens) for part in parts)])
    tensors: dict[str, Tensor] = {}
    for name, value in vars(parts[0]).items():
        if isinstance(value, Tensor) and name != "black":
            values = [getattr(part, name) for part in parts]
            if name in ("tokens", "token_mask"):  # filled up with zeros
                values = [pad(each, (*[0, 0] * (each.ndim - 2), 0, longest - each.shape[1])) for each in values]
            if name == "text_of":
                values = [each + int(start) for each, start in zip(values, starts, strict=False)]
            tensors[name] = torch.cat(values)
    return replace(parts[0], **tensors, indices=np.concatenate([part.indices for part in parts]))


def to_model(images: NDArray[np.uint8]) -> Tensor:
    """Turn uint8 (n, h, w, 3) into float (n, 3, h, w) in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def from_model(images: Tensor) -> NDArray[np.uint8]:
    """Turn float (n, 3, h, w), clamped to [-1, 1], into uint8 (n, h, w, 3)."""
    scaled = (images.detach().float().clamp(-1, 1) + 1) * 127.5
    return np.ascontiguousarray(scaled.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


@torch.no_grad()
def encode_images(autoencoder: ImageAutoencoder, images: NDArray[np.uint8]) -> Tensor:
    """Encode uint8 (n, s, s, 3), in bfloat16 inside where that pays, to float16 latents (n, z, c, c) on the CPU."""
    device = autoencoder.device
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16_pays(device)):
        return autoencoder.encode(to_model(images).to(device)).half().cpu()


def white_on_black(masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Turn masks (..., s, s) into images (..., s, s, 3)."""
    return np.repeat(masks[..., None] * np.uint8(255), 3, -1)


def grid(rows: Sequence[NDArray[np.uint8]], scale: int = 1) -> NDArray[np.uint8]:
    """Tile rows of images (n, h, w, 3) into one image, each pixel `scale` pixels wide."""
    tiled = np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
    return np.asarray(cv2.resize(tiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)

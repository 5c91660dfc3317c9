"""Encoded clips in one small file, to train on another machine: without the store, MediaPipe or the text encoder."""

from __future__ import annotations

import json
import lzma
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ...errors import ConfigError, InputError
from ...io.staging import staged_output
from ...models.interfaces import FACTOR, ImageAutoencoder
from .clips import LatentClips, join
from .images import encode_images, white_on_black
from .latents import black_latent

FORMAT = 1
_STEPS = 10  # Steps of the latents' rounding in their unit spread: a squared error of 0.001, where a denoiser's is 0.1

_AS_THEY_ARE = ("masks", "hands", "moved", "change", "appearance", "token_mask", "text_of")


def write_packed(
    train: Sequence[LatentClips], held_out: Sequence[LatentClips], autoencoder: ImageAutoencoder, path: Path
) -> None:
    """Write encoded clips of one or more stores to a new file.

    Latents are rounded to tenths of their spread and kept as differences from frame to frame, which are mostly zero;
    masks are encoded again on reading. A clip of 16 frames takes about 13 kB.
    """
    clips = join([*train, *held_out])
    arrays = {name: getattr(clips, name).numpy() for name in _AS_THEY_ARE}
    count = sum(len(part) for part in train)
    arrays |= {
        "latents": _differences(clips.latents),
        "keypoints": clips.keypoints.numpy().astype(np.float16),
        "tokens": clips.tokens.numpy().astype(np.float16),
        "indices": clips.indices,
        "held_out": np.arange(len(clips)) >= count,
        "probe": _probe(autoencoder).numpy(),
        "about": np.frombuffer(json.dumps({"format": FORMAT, "steps": _STEPS}).encode(), np.uint8),
    }
    with staged_output(path) as stage, zipfile.ZipFile(stage, "x", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def load_packed(
    path: Path, autoencoder: ImageAutoencoder, encode_masks: bool = True
) -> tuple[LatentClips, LatentClips]:
    """Read the clips to train on and those held out.

    With `encode_masks` masks are encoded too, which stage 1 needs: a minute and more for 1,000 clips on a CPU. Without,
    `mask_latents` is of shape (n, 0).

    Raises:
        InputError: If the file is no such file, or of another version.
        ConfigError: If another autoencoder made the latents.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays.pop("about").tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise InputError(f"'{path}' holds no packed clips (`ivg-train pack` makes them): {error}") from error
    if about.get("format") != FORMAT:
        raise InputError(f"'{path}' has format {about.get('format')}, and this version reads format {FORMAT}")
    if (np.abs(arrays.pop("probe") - _probe(autoencoder).numpy()) > 0.1).any():
        raise ConfigError(f"the clips of '{path}' were encoded by another autoencoder than the one that is given")
    latents = arrays["latents"].cumsum(1, dtype=np.int8)
    arrays["latents"] = np.stack([clip.astype(np.float16) / np.float16(about["steps"]) for clip in latents])
    held_out = arrays.pop("held_out")
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items() if name != "indices"}
    tensors |= {name: tensors[name].float() for name in ("keypoints", "tokens")}
    black = black_latent(autoencoder, FACTOR * latents.shape[-1])
    masks = _encode_masks(autoencoder, arrays["masks"], black) if encode_masks else torch.zeros(len(latents), 0)
    clips = LatentClips(**tensors, indices=arrays["indices"], black=black.float(), mask_latents=masks)
    return clips.select(~held_out), clips.select(held_out)


def _differences(latents: Tensor) -> NDArray[np.int8]:
    """Round latents (n, t, z, c, c) and return what changes from frame to frame, modulo 256."""
    result = np.empty(latents.shape, np.int8)
    for row, clip in enumerate(latents):
        steps = (clip.float() * _STEPS).round().clamp(-127, 127).to(torch.int8).numpy()
        result[row, 0] = steps[0]
        result[row, 1:] = steps[1:] - steps[:-1]
    return result


def _probe(autoencoder: ImageAutoencoder) -> Tensor:
    """Return the latent (z, 4, 4) of an image that is always the same, float32: tells autoencoders apart."""
    y, x = np.mgrid[:32, :32]
    image = np.stack([8 * x, 8 * y, 4 * (x + y)], -1).astype(np.uint8)
    return encode_images(autoencoder, image[None])[0].float()


def _encode_masks(autoencoder: ImageAutoencoder, packed: NDArray[np.uint8], black: Tensor, batch: int = 32) -> Tensor:
    """Encode masks (n, t, s, s / 8) as white on black images, to float16 (n, t, z, c, c)."""
    result = black.repeat(*packed.shape[:2], 1, 1, 1)
    for first in tqdm(range(0, len(packed), batch), desc="encode masks", mininterval=2):
        masks = np.unpackbits(packed[first : first + batch], axis=-1).astype(bool)
        shown = masks.any((2, 3))
        if shown.any():
            white = encode_images(autoencoder, white_on_black(masks[shown]))
            result[first : first + batch][torch.from_numpy(shown)] = white
    return result

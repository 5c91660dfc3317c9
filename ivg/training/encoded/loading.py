"""Training clips and held-out ones, from a store, its cache, or one small file to train on another machine."""

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

from ...data.clip_arrays import ClipArrays
from ...data.clip_store import ClipStore
from ...data.split import split_indices
from ...errors import ConfigError, InputError
from ...io.staging import refuse_existing, staged_output
from ...models.interfaces import FACTOR, ImageAutoencoder, TextEncoder
from ...models.loading import load_weights
from ...models.nano.autoencoder import NanoAutoencoder
from ..settings import DataConfig
from .clips import LatentClips, encode_images, join, white_on_black
from .latents import black_latent, load_latents

FORMAT = 1
_STEPS = 10  # Steps of the latents' rounding in their unit spread: a squared error of 0.001, where a denoiser's is 0.1

_AS_THEY_ARE = ("masks", "hands", "moved", "change", "appearance", "token_mask", "text_of")


def load_split(data: DataConfig) -> tuple[ClipArrays, ClipArrays]:
    """Read the clips for training and those held out (`ConfigError` if they are packed, which hold no images)."""
    if Path(data.path).is_file():
        raise ConfigError(f"train=autoencoder needs images: data.path={data.path} must be a store, not a file")
    store = ClipStore.open(data.path)
    train, held_out = split_indices(store.indices_done[: data.limit])
    return ClipArrays.load(store, train), ClipArrays.load(store, held_out)


def load_encoded_split(
    data: DataConfig, autoencoder: ImageAutoencoder, text_encoder: TextEncoder | None = None, masks: bool = True
) -> tuple[LatentClips, LatentClips]:
    """Read or make the latents of the clips for training and of the held-out ones.

    Packed clips hold no latents of masks, which are made only if `masks` asks for them; with `data.limit` they are
    refused (`ConfigError`), since they are taken whole.
    """
    if Path(data.path).is_file():
        if data.limit is not None:
            raise ConfigError(f"data.limit={data.limit} is for stores; {data.path} is a file of packed clips")
        return load_packed(Path(data.path), autoencoder, masks)
    store = ClipStore.open(data.path)
    cache = Path(data.cache) if data.cache else store.path.with_name(f"{store.path.name}.latents")
    splits = split_indices(store.indices_done[: data.limit])
    train, held_out = (load_latents(store, part, autoencoder, cache, text_encoder) for part in splits)
    return train, held_out


def pack_clips(stores: Sequence[str | Path], autoencoder: str | Path, output: str | Path) -> Path:
    """Encode clips into one small file, to train on another machine: give it as the data's path.

    Args:
        stores: Clip stores; what is encoded already is read from their caches.
        autoencoder: Folder of weights to encode with (nano).
        output: File to write, `.npz`.

    Raises:
        IvgError: If the file exists, its name has another ending, or there is no such autoencoder.
    """
    output = Path(output)
    refuse_existing(output, overwrite=False)
    if output.suffix != ".npz":
        raise ConfigError(f"packed clips are written to a file FILE.npz, got '{output}'")
    network: NanoAutoencoder = load_weights(NanoAutoencoder, Path(autoencoder) / "autoencoder")
    splits = [load_encoded_split(DataConfig(path=str(store)), network) for store in stores]
    write_packed([train for train, _ in splits], [held_out for _, held_out in splits], network, output)
    return output


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

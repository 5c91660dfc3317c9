"""Clips of a store encoded once, for the training of denoisers, and kept in a cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ...data.clip_arrays import HAND_LABELS, changed_pixels, hull_mask
from ...data.clip_store import ClipStore
from ...io.staging import clear_leftovers, new_array, staged_output
from ...models.interfaces import FACTOR, ImageAutoencoder, TextEncoder
from ...models.nano.text import MiniLMTextEncoder
from .clips import LatentClips, encode_images, white_on_black

RawClip = tuple[NDArray[np.uint8], NDArray[np.bool_], dict[str, NDArray[Any]]]
"""Frames uint8 (t, s, s, 3), region bool (t, s, s), and what goes into the cache as it is."""

_PARTS = ("latents", "mask_latents", "masks", "hands", "moved", "change", "appearance", "keypoints")


def load_latents(
    store: ClipStore,
    indices: NDArray[np.int64],
    autoencoder: ImageAutoencoder,
    cache: Path,
    text_encoder: TextEncoder | None = None,
) -> LatentClips:
    """Encode clips of a store, or read them from the cache if it was made by this autoencoder from these clips.

    The cache is a folder of arrays, one `.npy` each, which are read as they are needed. Of several processes that want
    the same one encodes, and the others wait. MiniLM encodes the texts if `text_encoder` is None.
    """
    indices = np.asarray(indices)
    key = _fingerprint(store, indices, autoencoder)
    folder = cache / key[:16]
    if not (folder / "done.json").exists():
        with alone(folder):
            if not (folder / "done.json").exists():
                with staged_output(folder, overwrite=True) as stage:
                    _encode_all(store, indices, autoencoder, stage)
                    (stage / "done.json").write_text(json.dumps({"fingerprint": key, "clips": len(indices)}))
    tensors = {name: torch.from_numpy(np.load(folder / f"{name}.npy", mmap_mode="c")) for name in _PARTS}
    texts = [str(store.info(int(index)).get("text", "")) for index in indices]
    distinct = sorted(set(texts))
    tokens, mask = (text_encoder or MiniLMTextEncoder()).encode(distinct)
    tensors |= {"tokens": tokens.cpu(), "token_mask": mask.cpu()}
    numbers = {text: number for number, text in enumerate(distinct)}
    tensors |= {"text_of": torch.tensor([numbers[text] for text in texts])}
    return LatentClips(**tensors, black=black_latent(autoencoder, store.size).float(), indices=indices)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process makes a folder, and clear away what killed ones left of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    with lock:
        clear_leftovers(folder)
        try:
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)  # held: who waits for this very file takes a new one


def _fingerprint(store: ClipStore, indices: NDArray[np.int64], autoencoder: ImageAutoencoder) -> str:
    digest = hashlib.sha256("".join(_PARTS).encode() + indices.tobytes() + str(store.path.resolve()).encode())
    for name, value in sorted(autoencoder.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _encode_all(store: ClipStore, indices: NDArray[np.int64], autoencoder: ImageAutoencoder, folder: Path) -> None:
    """Encode clip by clip into memory-mapped arrays; the next clips are read while one is encoded."""
    folder.mkdir()
    arrays: dict[str, NDArray[Any]] = {}
    black = black_latent(autoencoder, store.size)
    for row, clip in enumerate(tqdm(_read_ahead(store, indices), total=len(indices), desc="encode", mininterval=2)):
        for name, value in _encode_clip(autoencoder, clip, black).items():
            if name not in arrays:
                arrays[name] = new_array(folder / f"{name}.npy", value.dtype, (len(indices), *value.shape))
            arrays[name][row] = value
    arrays.clear()  # closes, and so flushes, the files


def _read_ahead(store: ClipStore, indices: NDArray[np.int64], ahead: int = 4) -> Iterator[RawClip]:
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(_read, store, int(index)) for index in indices[:ahead]]
        for following in range(ahead, len(indices) + ahead):
            clip = waiting.pop(0).result()
            if following < len(indices):
                waiting.append(pool.submit(_read, store, int(indices[following])))
            yield clip


def _read(store: ClipStore, index: int) -> RawClip:
    """Read a clip and work out where its region, hands, moved objects and changes are."""
    names = ("frames", "labels", "keypoints", "appearance")
    frames, labels, keypoints, appearance = (np.asarray(store.array(name)[index]) for name in names)
    region = np.stack([hull_mask(joints, store.size) for joints in keypoints])
    changed = changed_pixels(frames, frames[0])
    arms = np.isin(labels, HAND_LABELS)
    moved = (labels > max(HAND_LABELS)) & (labels != 255) & changed
    near = cv2.dilate((changed | arms).any(0).astype(np.uint8), np.ones((9, 9), np.uint8))
    rest: dict[str, NDArray[Any]] = {
        "masks": np.packbits(region, axis=-1),
        "hands": _coverage(np.maximum(region, arms * np.float32(0.5))),
        "moved": _coverage(moved),
        "change": _coverage(near),
        "appearance": appearance.astype(np.float32),
        "keypoints": keypoints.astype(np.float32),
    }
    return frames, region, rest


def _coverage(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Average (..., s, s) in [0, 1] over the pixels of each latent cell, as uint8 (..., c, c) of 255."""
    *lead, size, _ = values.shape
    cells = size // FACTOR
    means = values.astype(np.float32).reshape(*lead, cells, FACTOR, cells, FACTOR).mean((-3, -1))
    return np.asarray((means * 255).round().astype(np.uint8))


def _encode_clip(autoencoder: ImageAutoencoder, clip: RawClip, black: Tensor) -> dict[str, NDArray[Any]]:
    """Encode frames and masks; masks without a hand are black and are not encoded again."""
    frames, region, rest = clip
    shown = np.flatnonzero(region.any((1, 2)))
    latents = encode_images(autoencoder, np.concatenate([frames, white_on_black(region[shown])]))
    masks = black.to(latents.dtype).repeat(len(frames), 1, 1, 1)
    masks[shown] = latents[len(frames) :]
    return {"latents": latents[: len(frames)].numpy(), "mask_latents": masks.numpy(), **rest}


def black_latent(autoencoder: ImageAutoencoder, size: int) -> Tensor:
    """Return the latent (z, c, c) of a black image, float16."""
    return encode_images(autoencoder, np.zeros((1, size, size, 3), np.uint8))[0]

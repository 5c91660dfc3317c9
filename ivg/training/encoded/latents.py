"""Clips encoded once, for the training of denoisers: latents, masks and weights in memory, texts as tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from ..images import to_model
from ..precision import bf16_pays

_SPARE = 0.25
"""Share of the free memory of a GPU that training clips may take up."""

_PARTS = ("latents", "mask_latents", "masks", "hands", "moved", "change", "appearance", "keypoints")


@dataclass(frozen=True, eq=False)
class LatentClips:
    """Encoded clips; c is the latents' height and width, s that of the frames.

    Attributes:
        latents: float16 (n, t, z, c, c), of the frames.
        mask_latents: float16 (n, t, z, c, c), of the region's masks as white on black pictures.
        black: float32 (z, c, c), latent of a black picture.
        masks: uint8 (n, t, s, s / 8), the region of motion per frame, bits packed (numpy's order: highest first).
        hands: uint8 (n, t, c, c), share of hands in a cell, of 255; the arm outside the hull counts half.
        moved: uint8 (n, t, c, c), share of moved objects that look changed.
        change: uint8 (n, c, c), share of pixels near to any that change during the clip.
        appearance: float32 (n, 5), NaN where unknown.
        keypoints: float32 (n, t, 2, 21, 2), the annotated hands, normalised; NaN where there is none.
        tokens: float32 (m, l, width), the distinct texts.
        token_mask: bool (m, l).
        text_of: int64 (n,), each clip's text.
        indices: int64 (n,), the clips' indices in the store.
    """

    latents: Tensor
    mask_latents: Tensor
    black: Tensor
    masks: Tensor
    hands: Tensor
    moved: Tensor
    change: Tensor
    appearance: Tensor
    keypoints: Tensor
    tokens: Tensor
    token_mask: Tensor
    text_of: Tensor
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.indices)

    def to(self, device: torch.device) -> LatentClips:
        """Return these clips in a device's memory, if it is the CPU's or has room to spare; else as they are.

        Batches of clips that lie on a GPU are put together there, not copied to it one by one.
        """
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


def load_latents(
    store: ClipStore,
    indices: NDArray[np.int64],
    autoencoder: ImageAutoencoder,
    cache: Path,
    text_encoder: TextEncoder | None = None,
) -> LatentClips:
    """Encode clips, or read them from the cache if it was made by this autoencoder from these clips.

    Args:
        store: The clips.
        indices: Which to take.
        autoencoder: The trained autoencoder, on the device to encode on.
        cache: Folder to keep the arrays in, one `.npy` each; they are read from there as they are needed. Of several
            processes that want the same one encodes, and the others wait.
        text_encoder: Encodes the texts; MiniLM if None.
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
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in _PARTS}
    texts = [str(store.info(int(index)).get("text", "")) for index in indices]
    tokens, token_mask, text_of = _encode_texts(texts, text_encoder or MiniLMTextEncoder())
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return LatentClips(
        **tensors,
        black=_black_latent(autoencoder, store.size).float(),
        tokens=tokens,
        token_mask=token_mask,
        text_of=text_of,
        indices=indices,
    )


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
    black = _black_latent(autoencoder, store.size)
    for place, clip in enumerate(tqdm(_read_ahead(store, indices), total=len(indices), desc="encode", mininterval=2)):
        for name, value in _encode_clip(autoencoder, clip, black).items():
            if name not in arrays:
                shape = (len(indices), *value.shape)
                arrays[name] = new_array(folder / f"{name}.npy", value.dtype, shape)
            arrays[name][place] = value
    arrays.clear()  # closes, and so flushes, the files


@dataclass(frozen=True, eq=False)
class _RawClip:
    """Frames u8 (t, s, s, 3), region bool (t, s, s), and what goes into the cache as it is."""

    frames: NDArray[np.uint8]
    region: NDArray[np.bool_]
    rest: dict[str, NDArray[Any]]


def _read_ahead(store: ClipStore, indices: NDArray[np.int64], ahead: int = 4) -> Iterator[_RawClip]:
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(_read, store, int(index)) for index in indices[:ahead]]
        for place in range(len(indices)):
            clip = waiting.pop(0).result()
            if place + ahead < len(indices):
                waiting.append(pool.submit(_read, store, int(indices[place + ahead])))
            yield clip


def _read(store: ClipStore, index: int) -> _RawClip:
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
    return _RawClip(frames, region, rest)


def _coverage(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Average (..., s, s) in [0, 1] over the pixels of each latent cell, as uint8 (..., c, c) of 255."""
    *lead, size, _ = values.shape
    cells = size // FACTOR
    means = values.astype(np.float32).reshape(*lead, cells, FACTOR, cells, FACTOR).mean((-3, -1))
    return np.asarray((means * 255).round().astype(np.uint8))


def _encode_clip(autoencoder: ImageAutoencoder, clip: _RawClip, black: Tensor) -> dict[str, NDArray[Any]]:
    """Encode frames and masks; masks without a hand are black and are not encoded again."""
    shown = np.flatnonzero(clip.region.any((1, 2)))
    white = np.repeat(clip.region[shown, ..., None] * np.uint8(255), 3, -1)
    latents = _encode_pictures(autoencoder, np.concatenate([clip.frames, white]))
    masks = black.to(latents.dtype).repeat(len(clip.frames), 1, 1, 1)
    masks[shown] = latents[len(clip.frames) :]
    return {"latents": latents[: len(clip.frames)].numpy(), "mask_latents": masks.numpy(), **clip.rest}


@torch.no_grad()
def _encode_pictures(autoencoder: ImageAutoencoder, pictures: NDArray[np.uint8]) -> Tensor:
    """Encode pictures (n, s, s, 3), in bfloat16 inside where that pays, to float16 latents on the CPU."""
    device = autoencoder.device
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16_pays(device)):
        return autoencoder.encode(to_model(pictures).to(device)).half().cpu()


def _black_latent(autoencoder: ImageAutoencoder, size: int) -> Tensor:
    """Return the latent (z, c, c) of a black picture, float16."""
    return _encode_pictures(autoencoder, np.zeros((1, size, size, 3), np.uint8))[0]


def _encode_texts(texts: list[str], encoder: TextEncoder) -> tuple[Tensor, Tensor, Tensor]:
    """Encode the distinct texts; return tokens, their mask, and each clip's place among them."""
    distinct = sorted(set(texts))
    tokens, mask = encoder.encode(distinct)
    places = {text: place for place, text in enumerate(distinct)}
    return tokens.cpu(), mask.cpu(), torch.tensor([places[text] for text in texts])

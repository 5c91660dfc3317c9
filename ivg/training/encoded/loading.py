"""Training clips and held-out ones, from a store, its cache or a packed file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...data.clip_arrays import ClipArrays
from ...data.clip_store import ClipStore
from ...data.split import split_indices
from ...errors import ConfigError
from ...io.staging import refuse_existing
from ...models.interfaces import ImageAutoencoder, TextEncoder
from ...models.loading import load_weights
from ...models.nano.autoencoder import NanoAutoencoder
from ..settings import DataConfig
from .clips import LatentClips
from .latents import load_latents
from .packing import load_packed, write_packed


def load_split(data: DataConfig) -> tuple[ClipArrays, ClipArrays]:
    """Read the clips for training and those held out (`ConfigError` if they are packed, which hold no images)."""
    if Path(data.path).is_file():
        raise ConfigError(f"train=autoencoder needs images: data.path={data.path} must be a store, not a file")
    store = ClipStore.open(data.path)
    train, held_out = split_indices(store.indices_done[: data.limit])
    return ClipArrays.load(store, train), ClipArrays.load(store, held_out)


def load_encoded_split(
    data: DataConfig,
    autoencoder: ImageAutoencoder,
    text_encoder: TextEncoder | None = None,
    masks: bool = True,
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

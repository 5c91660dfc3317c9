"""One training run: reads the clips, builds the stage, trains it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from accelerate import Accelerator

from ..data.clip_arrays import ClipArrays
from ..data.clip_store import ClipStore
from ..data.split import split_indices
from ..errors import ConfigError
from ..models.autoencoder import NanoAutoencoder
from ..models.denoiser import NanoVideoDenoiser
from ..models.weights import load_weights
from .autoencoder import AutoencoderStage
from .clip import ClipStage
from .config import AutoencoderConfig, ClipConfig, DataConfig, ModelConfig, RegionConfig, RunConfig
from .latents import LatentClips, load_latents
from .loop import Trainer
from .region import RegionStage
from .stage import Stage


@dataclass
class Run:
    """All that a run is told.

    Attributes:
        train: The stage's configuration; its class says which stage.
        model: Sizes of the networks.
        data: Where the clips are.
        output: Folder to write to.
        resume: Go on from the checkpoint in `output`.
        autoencoder: Folder of a trained autoencoder, for the region and the clip stage.
        start: Folder of weights that the region and the clip stage go on from, such as another run's `weights/` or the
            packaged ones; the clip stage takes a clip stage's if it holds them, else the region stage's (D2 from D1).
        device: Name of a device, or None for accelerate's choice.
    """

    train: RunConfig
    model: ModelConfig
    data: DataConfig
    output: Path
    resume: bool = False
    autoencoder: Path | None = None
    start: Path | None = None
    device: str | None = None


def train_stage(run: Run) -> dict[str, float]:
    """Train; return the last figures on held-out clips."""
    torch.manual_seed(run.train.seed)
    stage = build_stage(run)
    accelerator = Accelerator(mixed_precision=run.train.precision, cpu=run.device == "cpu")
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator)
    (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    return trainer.run()


def build_stage(run: Run) -> Stage:
    """Build the stage that a run names, with its clips and the weights it goes on from."""
    config = run.train
    if isinstance(config, AutoencoderConfig):
        train, held_out = load_split(run.data)
        return AutoencoderStage(NanoAutoencoder(**run.model.autoencoder), config, train, held_out)
    autoencoder = _load_autoencoder(run)
    clips, held = load_encoded_split(run.data, autoencoder)
    if isinstance(config, RegionConfig):
        return RegionStage(_load_start(run, RegionStage.name), config, clips, held, autoencoder)
    if isinstance(config, ClipConfig):
        return ClipStage(_load_start(run, ClipStage.name, RegionStage.name), config, clips, held, autoencoder)
    raise ConfigError(f"no stage {config.stage!r}")


def load_split(data: DataConfig) -> tuple[ClipArrays, ClipArrays]:
    """Read the clips for training and the held-out ones."""
    store = ClipStore.open(data.path)
    train, held_out = split_indices(store.indices_done[: data.limit])
    return ClipArrays.load(store, train), ClipArrays.load(store, held_out)


def load_encoded_split(data: DataConfig, autoencoder: NanoAutoencoder) -> tuple[LatentClips, LatentClips]:
    """Read or make the latents of the clips for training and of the held-out ones."""
    store = ClipStore.open(data.path)
    cache = Path(data.cache) if data.cache else store.path.with_name(f"{store.path.name}.latents")
    train, held_out = split_indices(store.indices_done[: data.limit])
    return load_latents(store, train, autoencoder, cache), load_latents(store, held_out, autoencoder, cache)


def _load_autoencoder(run: Run) -> NanoAutoencoder:
    if run.autoencoder is None:
        raise ConfigError("give autoencoder=FOLDER, the weights/ folder of an autoencoder run")
    model: NanoAutoencoder = load_weights(NanoAutoencoder, run.autoencoder / "autoencoder")
    return model.to(run.device or ("cuda" if torch.cuda.is_available() else "cpu"))


def _load_start(run: Run, *names: str) -> NanoVideoDenoiser:
    """Return the denoiser to go on from: the first of `names` that `start` holds; a new one if none is asked for."""
    if run.start is None:
        return NanoVideoDenoiser(**run.model.denoiser)
    held = [name for name in names if (run.start / name).is_dir()]
    if not held:
        raise ConfigError(f"start={run.start} holds none of {', '.join(names)}: give the weights/ folder of a run")
    model: NanoVideoDenoiser = load_weights(NanoVideoDenoiser, run.start / held[0])
    return model

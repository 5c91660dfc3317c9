"""One training run: reads the clips, builds the stage, trains it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from diffusers.models.modeling_utils import ModelMixin

from ..data.clip_arrays import ClipArrays
from ..data.clip_store import ClipStore
from ..data.split import split_indices
from ..errors import ConfigError
from ..io.staging import refuse_existing
from ..models.interfaces import ImageAutoencoder, TextEncoder, VideoDenoiser
from ..models.loading import WEIGHTS_FILE, load_component, load_weights
from ..models.nano.autoencoder import NanoAutoencoder
from ..models.nano.mask_decoder import NanoMaskDecoder
from .accelerator import new_accelerator
from .encoded.latents import LatentClips, load_latents
from .encoded.packing import load_packed, pack_clips
from .networks import load_autoencoder, load_denoiser, load_text_encoder
from .settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DataConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from .stage import Stage
from .stages.autoencoder import AutoencoderStage
from .stages.clip import ClipStage
from .stages.denoising import DenoiserStage
from .stages.mask_decoder import MaskDecoderStage
from .stages.region import RegionStage
from .trainer import Trainer


@dataclass
class Run:
    """All that a run is told.

    Attributes:
        train: The stage's configuration; its class says which stage.
        model: The networks: `nano`'s sizes, or `base`'s names.
        data: Where the clips are.
        output: Folder to write to.
        resume: Go on from the checkpoint in `output`.
        autoencoder: Folder of a trained autoencoder, for the region and the clip stage of `nano`. The autoencoder stage
            keeps its encoder and trains another decoder to it.
        start: Folder of weights that the region and the clip stage go on from, such as another run's `weights/` or the
            packaged ones; the clip stage takes a clip stage's if it holds them, else the region stage's (D2 from D1).
        teacher: Folder of weights whose samples the region or the clip stage learns to make in one step (see
            `ivg.training.stages.distillation`), rather than to predict the clips themselves. The mask decoder learns to
            turn those of its region network into masks.
        device: Name of a device, or None for accelerate's choice.
    """

    train: RunConfig
    model: ModelConfig | BaseModelConfig
    data: DataConfig
    output: Path
    resume: bool = False
    autoencoder: Path | None = None
    start: Path | None = None
    teacher: Path | None = None
    device: str | None = None


def train_stage(run: Run) -> dict[str, float]:
    """Train; return the last figures on held-out clips. Under `accelerate launch`, all processes call this alike."""
    torch.manual_seed(run.train.seed)
    accelerator = new_accelerator(run.train, run.device)
    device = torch.device(run.device) if run.device else accelerator.device
    with accelerator.main_process_first():  # it encodes the clips, and the others read what it wrote
        stage = build_stage(run, device)
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator)
    if accelerator.is_main_process:
        (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    figures = trainer.run()
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return figures


def build_stage(run: Run, device: torch.device | None = None) -> Stage:
    """Build the stage that a run names, with its clips and the weights it goes on from.

    Args:
        run: What to train.
        device: Where to put the frozen autoencoder; None takes what the run names, else the CPU.
    """
    config = run.train
    if isinstance(config, AutoencoderConfig):
        if isinstance(run.model, BaseModelConfig):
            raise ConfigError("the base scale's autoencoder is a pretrained one: train=region or train=clip")
        if Path(run.data.path).is_file():
            raise ConfigError(
                f"train=autoencoder needs pictures: data.path={run.data.path} must be a store, not a file"
            )
        train, held_out = load_split(run.data)
        model = NanoAutoencoder(**run.model.autoencoder)
        if run.autoencoder is not None:
            model.keep_encoder(load_weights(NanoAutoencoder, run.autoencoder / "autoencoder"))
        return AutoencoderStage(model, config, train, held_out)
    autoencoder = load_autoencoder(run.model, run.autoencoder, device or torch.device(run.device or "cpu"))
    packed = Path(run.data.path).is_file()
    text_encoder = None if packed else load_text_encoder(run.model)
    clips, held = load_encoded_split(run.data, autoencoder, text_encoder, isinstance(config, RegionConfig))
    clips = clips.to(device or torch.device(run.device or "cpu"))
    if isinstance(config, MaskDecoderConfig):
        return _mask_decoder_stage(run, config, clips, held, autoencoder)
    stage = _denoiser_stage(run, clips, held, autoencoder)
    if run.teacher is not None:
        _learn(stage, load_component(run.teacher, stage.name), run.teacher, run)
    return stage


def _mask_decoder_stage(
    run: Run, config: MaskDecoderConfig, clips: LatentClips, held: LatentClips, autoencoder: ImageAutoencoder
) -> MaskDecoderStage:
    if isinstance(run.model, BaseModelConfig):
        raise ConfigError("the base scale's region is decoded by its autoencoder: train=masks is for nano")
    if run.teacher is None:
        raise ConfigError("train=masks learns from stage 1's samples: give teacher=FOLDER, its weights")
    network = load_component(run.teacher, RegionStage.name).to(autoencoder.device)
    settings = RegionConfig(
        steps=1,
        precision=config.precision,
        batch_size=config.batch_size,
        sample_steps=network.sample_steps,
        teacher_steps=network.sample_steps,
        teacher_draws=config.teacher_draws,
        residual_scale=network.space.scale,
    )
    region = RegionStage(network, settings, clips, held, autoencoder)
    _learn(region, network, run.teacher, run)
    return MaskDecoderStage(NanoMaskDecoder(**run.model.mask_decoder), config, region)


def _learn(stage: DenoiserStage, teacher: VideoDenoiser, folder: Path, run: Run) -> None:
    """Let a stage learn from the samples of a network of its kind, which a folder holds."""
    assert isinstance(teacher, ModelMixin)
    with (folder / stage.name / WEIGHTS_FILE).open("rb") as file:
        about = f"{run.data.path}, {hashlib.file_digest(file, 'sha256').hexdigest()}"
    teacher.to(stage.device)
    stage.learn_from(teacher, run.output.with_name(f"{run.output.name}.lessons"), about)


def _denoiser_stage(run: Run, clips: LatentClips, held: LatentClips, autoencoder: ImageAutoencoder) -> DenoiserStage:
    size, text_width = clips.masks.shape[2], clips.tokens.shape[2]
    if isinstance(run.train, RegionConfig):
        names: tuple[str, ...] = (RegionStage.name,)
        denoiser = load_denoiser(run.model, run.start, names, size, text_width)
        return RegionStage(denoiser, run.train, clips, held, autoencoder)
    if isinstance(run.train, ClipConfig):
        names = (ClipStage.name, RegionStage.name)
        denoiser = load_denoiser(run.model, run.start, names, size, text_width)
        return ClipStage(denoiser, run.train, clips, held, autoencoder)
    raise ConfigError(f"no stage {run.train.stage!r}")


def load_split(data: DataConfig) -> tuple[ClipArrays, ClipArrays]:
    """Read the clips for training and the held-out ones."""
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

    Args:
        data: Where they are.
        autoencoder: Encodes the pictures.
        text_encoder: Encodes the texts of a store; MiniLM if None.
        masks: Whether the masks' latents are needed, which packed clips hold none of.

    Raises:
        ConfigError: If `data.limit` is given for packed clips, which are taken whole.
    """
    if Path(data.path).is_file():
        if data.limit is not None:
            raise ConfigError(f"data.limit={data.limit} is for stores; {data.path} is a file of packed clips")
        return load_packed(Path(data.path), autoencoder, masks)
    store = ClipStore.open(data.path)
    cache = Path(data.cache) if data.cache else store.path.with_name(f"{store.path.name}.latents")
    train, held_out = split_indices(store.indices_done[: data.limit])
    return (
        load_latents(store, train, autoencoder, cache, text_encoder),
        load_latents(store, held_out, autoencoder, cache, text_encoder),
    )


def pack_stores(stores: list[Path], autoencoder: Path, output: Path) -> None:
    """Encode the clips of some stores, or read what is encoded, and write them all to one file (`load_packed`)."""
    refuse_existing(output, overwrite=False)
    if output.suffix != ".npz":
        raise ConfigError(f"packed clips are written to a file FILE.npz, got '{output}'")
    network: NanoAutoencoder = load_weights(NanoAutoencoder, autoencoder / "autoencoder")
    splits = [load_encoded_split(DataConfig(path=str(store)), network) for store in stores]
    pack_clips([train for train, _ in splits], [held_out for _, held_out in splits], network, output)

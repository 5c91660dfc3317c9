"""Components of the base scale by hub name or folder, or with random weights."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, UNet3DConditionModel
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import snapshot_download
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from ...errors import WeightsError
from .denoiser import BaseVideoDenoiser
from .encoders import BaseAutoencoder, ClipTextEncoder

ARCHITECTURE = ("autoencoder", "text_encoder", "denoiser", "scheduler")
"""Keys of an architecture, as in `configs/model/base.yaml`."""

_SAFE: dict[str, Any] = {"use_safetensors": True, "low_cpu_mem_usage": False, "local_files_only": True}
"""No pickle; no lazy weights, which would leave what a file lacks on the meta device."""


def load_base_autoencoder(value: str) -> BaseAutoencoder:
    """Load an `AutoencoderKL`, or the autoencoder of one of our own folders.

    Args:
        value: Hub name or folder of a pipeline (its `vae/`, or `autoencoder/`), or folder of the component itself.

    Raises:
        WeightsError: If it cannot be had; the message says what to do. So do the functions below.
    """
    with _one_error("model.autoencoder", value):
        folder = _component(_fetch(value, "vae"), "autoencoder", "vae")
        config = folder / "config.json"
        if config.is_file() and json.loads(config.read_text()).get("_class_name") == BaseAutoencoder.__name__:
            return _ready(BaseAutoencoder.from_pretrained(folder, **_SAFE))
        return _ready(BaseAutoencoder.from_vae(AutoencoderKL.from_pretrained(folder, **_SAFE)))


def load_base_text_encoder(value: str) -> ClipTextEncoder:
    """Load a `CLIPTextModel` and its tokenizer.

    `value` is a hub name or folder of a pipeline (its `text_encoder/` and `tokenizer/`), or a folder that holds both.
    """
    with _one_error("model.text_encoder", value):
        root = _fetch(value, "text_encoder", "tokenizer")
        folder = _component(root, "text_encoder")
        model = CLIPTextModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, local_files_only=True)
        return ClipTextEncoder(model, CLIPTokenizer.from_pretrained(_component(root, "tokenizer")))


def load_base_denoiser(value: str, latent_size: int, frames: int) -> BaseVideoDenoiser:
    """Load a text-to-video network and its noise schedule, and widen it for latents of a size and so many frames.

    `value` is a hub name or folder of a text-to-video pipeline (its `unet/` and `scheduler/`).
    """
    with _one_error("model.denoiser", value):
        root = _fetch(value, "unet", "scheduler")
        for needed in ("unet/config.json", "scheduler/scheduler_config.json"):
            if not (root / needed).is_file():
                raise WeightsError(f"{needed} is missing there: give the folder of a text-to-video pipeline")
        schedule = DPMSolverMultistepScheduler.load_config(root / "scheduler", local_files_only=True)
        unet = UNet3DConditionModel.from_pretrained(_component(root, "unet"), **_SAFE)
        return _ready(BaseVideoDenoiser.from_unet(unet, schedule, latent_size, frames))


def _fetch(value: str, *subfolders: str) -> Path:
    """Return the folder that a value names; of a hub name's, the subfolders are downloaded if they are not here yet."""
    folder = Path(value).expanduser()
    if value and folder.is_dir():
        return folder
    if value.startswith((".", "/", "~")) or value.count("/") != 1:
        raise WeightsError("there is no such folder, and it is no hub name (owner/name)")
    endings = ("json", "safetensors", "txt")
    wanted = [f"{name}/*.{ending}" for name in subfolders for ending in endings]
    return Path(snapshot_download(value, allow_patterns=wanted, ignore_patterns=["*.fp16.*", "*non_ema*"]))


def _component(root: Path, *subfolders: str) -> Path:
    """Return the first of the subfolders that is there, or the folder itself."""
    return next((root / name for name in subfolders if (root / name).is_dir()), root)


def _ready(model: Any) -> Any:
    """Return a model in float32; diffusers notes the folder that it came from, which must not travel with weights."""
    model.register_to_config(_name_or_path="")
    return model.float().eval()


@contextmanager
def _one_error(key: str, value: str) -> Iterator[None]:
    """Keep libraries quiet while loading, and raise whatever goes wrong as one error that names the setting."""
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one library calling another in an old way
            yield
    except WeightsError as error:
        if not value:
            raise WeightsError(f"give {key}=NAME_OR_FOLDER, a hub name (owner/name) or a folder") from error
        raise WeightsError(f"{key}={value!r}: {error}") from error
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        if Path(value).expanduser().is_dir():
            raise WeightsError(f"{key}={value!r} holds nothing usable: {reason}") from error
        raise WeightsError(
            f"{key}={value!r} is no folder here and could not be had from the hub ({reason}): where there is a "
            f"network, run `hf download {value} --local-dir FOLDER`, then give {key}=FOLDER"
        ) from error
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        if bars:
            transformers_logging.enable_progress_bar()


def save_random_base(architecture: Mapping[str, Mapping[str, Any]], folder: Path, seed: int = 0) -> None:
    """Write a text-to-video pipeline with random weights, to try code and machines without a download.

    Its folders are `vae/`, `text_encoder/`, `tokenizer/` (which knows single bytes only), `unet/` and `scheduler/`.
    `architecture` holds keyword arguments by component: of `AutoencoderKL`, `CLIPTextConfig`, `UNet3DConditionModel`
    and of diffusers' schedulers.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoencoderKL(**architecture["autoencoder"]).save_pretrained(folder / "vae")
        UNet3DConditionModel(**architecture["denoiser"]).save_pretrained(folder / "unet")
        CLIPTextModel(CLIPTextConfig(**architecture["text_encoder"])).save_pretrained(folder / "text_encoder")
    CLIPTokenizer(vocab=_bytes(), merges=[]).save_pretrained(folder / "tokenizer")
    DDIMScheduler(**architecture["scheduler"]).save_pretrained(folder / "scheduler")


def _bytes() -> dict[str, int]:
    """Return a vocabulary of single bytes, inside and at the end of words."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: index for index, word in enumerate(words)}

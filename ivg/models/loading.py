"""Finding weights (by a packaged name, a folder or a hub id) and loading networks that `save_pretrained` wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from diffusers import DPMSolverMultistepScheduler
from diffusers.models.modeling_utils import ModelMixin
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from ..errors import WeightsError, unknown_option
from .base.denoiser import BaseVideoDenoiser
from .base.encoders import BaseAutoencoder
from .base.pretrained import load_base_text_encoder
from .nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from .nano.denoiser import NanoVideoDenoiser

M = TypeVar("M", bound=ModelMixin)

WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"  # name that diffusers gives a model's weights
PACKAGED = ("nano",)  # names of the weights that come with the package

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_HUB_FILES = ["*.json", "*.safetensors", "*.txt"]

_DENOISERS = (NanoVideoDenoiser, BaseVideoDenoiser)
_KINDS: dict[str, tuple[type[ModelMixin], ...]] = {  # that may be loaded, by a component's name or the end of it
    "mask_decoder": (NanoMaskDecoder,),
    "autoencoder": (NanoAutoencoder, BaseAutoencoder),
    "denoiser": _DENOISERS,
    "refiner": _DENOISERS,
}


def load_weights(kind: type[M], folder: Path) -> M:
    """Load a model in float32, from safetensors only; raise a `WeightsError` if the folder or a part is missing."""
    for name in ("config.json", WEIGHTS_FILE):
        if not (folder / name).exists():
            raise WeightsError(f"{folder} holds no {kind.__name__}: {name} is missing")
    try:
        model: M = kind.from_pretrained(folder, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{folder} holds no usable {kind.__name__}: {reason}") from error
    model.register_to_config(_name_or_path=folder.name)  # diffusers notes the whole path, and would save it again
    return model.float().eval()


def load_component(folder: Path, name: str) -> Any:
    """Load a network of a pipeline's folder: "autoencoder", "mask_decoder", "refiner", "denoiser", "..._denoiser".

    Raises:
        WeightsError: If it is missing or incomplete, or of a class that is not ours.
    """
    kinds = {kind.__name__: kind for kind in _KINDS[name if name in _KINDS else name.rsplit("_", 1)[-1]]}
    path = folder / name / "config.json"
    if not path.exists():
        raise WeightsError(f"{folder / name} holds no {' or '.join(kinds)}: config.json is missing")
    named = json.loads(path.read_text()).get("_class_name")
    if named not in kinds:
        raise WeightsError(str(unknown_option(f"class of {path}", named, kinds)))
    return load_weights(kinds[named], folder / name)


def find_weights(weights: str | Path, **hub: Any) -> Path:
    """Return the folder of weights: "nano", a folder that `save_pretrained` wrote, or a hub id ("owner/name").

    `hub` is `huggingface_hub.snapshot_download`'s: `revision`, `cache_dir`, `local_files_only`, `token`.

    Raises:
        WeightsError: If there is no such name, folder or model.
    """
    name = str(weights)
    folder = Path(__file__).parents[1] / "weights" / name if name in PACKAGED else Path(weights).expanduser()
    if folder.is_dir():
        return folder
    names = ", ".join(repr(packaged) for packaged in PACKAGED)
    options = f"give {names}, a folder that save_pretrained wrote, or a hub id (owner/name)"
    if not _HUB_ID.fullmatch(name):
        raise WeightsError(f"no weights {name!r}; {options}")
    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES, **hub))
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(
            f"no weights {name!r}: no such folder, and the hub does not give it ({reason}); {options}"
        ) from error


def load_components(folder: Path) -> dict[str, Any]:
    """Load what `InstructionalVideoPipeline` is made of from a folder that `save_pretrained` wrote, in float32.

    Raises:
        WeightsError: If the folder is incomplete.
    """
    if not (folder / "scheduler" / "scheduler_config.json").exists():
        raise WeightsError(f"{folder} holds no scheduler: scheduler/scheduler_config.json is missing")
    nano = not (folder / "text_encoder").is_dir()  # whose text encoder is not saved with the pipeline
    text_encoder = None if nano else load_base_text_encoder(str(folder))
    needed, optional = ("autoencoder", "region_denoiser", "denoiser"), ("refiner", "mask_decoder")
    return {
        **{name: load_component(folder, name) for name in needed},
        **{name: load_component(folder, name) if (folder / name).is_dir() else None for name in optional},
        "scheduler": DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler"),
        "text_encoder": None if text_encoder is None else text_encoder.model,
        "tokenizer": None if text_encoder is None else text_encoder.tokenizer,
    }


def sample_steps(weights: str | Path) -> tuple[int, int]:
    """Return the default numbers of denoising steps of clip and region of weights as `from_pretrained` takes them."""
    folder = find_weights(weights)
    clip, region = (int(load_component(folder, name).sample_steps) for name in ("denoiser", "region_denoiser"))
    return clip, region

"""Loading networks from the folders that `save_pretrained` wrote, with errors that say what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from diffusers.models.modeling_utils import ModelMixin

from ..errors import WeightsError, unknown_option
from .base.denoiser import BaseVideoDenoiser
from .base.encoders import BaseAutoencoder, ClipTextEncoder
from .base.pretrained import load_base_text_encoder
from .nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from .nano.denoiser import NanoVideoDenoiser

M = TypeVar("M", bound=ModelMixin)

WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"  # name that diffusers gives a model's weights


def load_weights(kind: type[M], folder: Path) -> M:
    """Load a model that was saved by `save_pretrained`, in float32, from safetensors only.

    Raises:
        WeightsError: If the folder, a file, or some of the weights are missing.
    """
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


_KINDS = {
    name: {kind.__name__: kind for kind in kinds}
    for name, kinds in {
        "mask_decoder": (NanoMaskDecoder,),
        "autoencoder": (NanoAutoencoder, BaseAutoencoder),
        "denoiser": (NanoVideoDenoiser, BaseVideoDenoiser),
        "refiner": (NanoVideoDenoiser, BaseVideoDenoiser),
    }.items()
}
"""Classes that may be loaded, by a component's name or the end of it."""


def load_component(folder: Path, name: str) -> Any:
    """Load a network of a pipeline's folder that `save_pretrained` wrote.

    Args:
        folder: The pipeline's.
        name: "autoencoder", "mask_decoder", "denoiser", "refiner" or a name that ends in "_denoiser".

    Raises:
        WeightsError: If it is missing or incomplete, or of a class that is not ours.
    """
    kinds = _KINDS[name if name in _KINDS else name.rsplit("_", 1)[-1]]
    path = folder / name / "config.json"
    if not path.exists():
        raise WeightsError(f"{folder / name} holds no {' or '.join(kinds)}: config.json is missing")
    named = json.loads(path.read_text()).get("_class_name")
    if named not in kinds:
        raise WeightsError(str(unknown_option(f"class of {path}", named, kinds)))
    return load_weights(kinds[named], folder / name)


def load_text_encoder(folder: Path) -> ClipTextEncoder | None:
    """Load the text encoder of a pipeline's folder; None where it has none (nano)."""
    if not (folder / "text_encoder").is_dir():
        return None
    return load_base_text_encoder(str(folder))

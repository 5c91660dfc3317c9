"""Finding and loading the weights of a pipeline: by a packaged name, a folder or a hub id."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from diffusers import DPMSolverMultistepScheduler
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from ..errors import WeightsError
from ..models.loading import load_component, load_text_encoder

PACKAGED = ("nano",)  # names of the weights that come with the package
OPTIONAL = ("refiner", "mask_decoder")  # networks that a pipeline may lack

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_HUB_FILES = ["*.json", "*.safetensors", "*.txt"]


def find_weights(weights: str | Path, **hub: Any) -> Path:
    """Return the folder of weights, given by a packaged name, as a folder, or by a hub id.

    Args:
        weights: "nano", a folder that `save_pretrained` wrote, or the id "owner/name" of a model on the hub.
        **hub: Of `huggingface_hub.snapshot_download`: `revision`, `cache_dir`, `local_files_only`, `token`.

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
    text_encoder = load_text_encoder(folder)
    needed = ("autoencoder", "region_denoiser", "denoiser")
    return {
        **{name: load_component(folder, name) for name in needed},
        **{name: load_component(folder, name) if (folder / name).is_dir() else None for name in OPTIONAL},
        "scheduler": DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler"),
        "text_encoder": None if text_encoder is None else text_encoder.model,
        "tokenizer": None if text_encoder is None else text_encoder.tokenizer,
    }


def sample_steps(weights: str | Path) -> tuple[int, int]:
    """Return the default numbers of denoising steps of clip and region of weights as `from_pretrained` takes them.

    Raises:
        WeightsError: If there are no such weights, or they are incomplete.
    """
    folder = find_weights(weights)
    clip, region = (int(load_component(folder, name).sample_steps) for name in ("denoiser", "region_denoiser"))
    return clip, region

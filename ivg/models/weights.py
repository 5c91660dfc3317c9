"""Loading weights from folders, with errors that say what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from diffusers.models.modeling_utils import ModelMixin

from ..errors import WeightsError

M = TypeVar("M", bound=ModelMixin)

WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"
"""Name that diffusers gives a model's weights."""


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
        raise WeightsError(f"{folder} holds no usable {kind.__name__}: {_shortened(error)}") from error
    model.register_to_config(_name_or_path=folder.name)  # diffusers notes the whole path, and would save it again
    return model.float().eval()


def _shortened(error: Exception) -> str:
    """Return the words of an error in one line, not too long."""
    words = " ".join(str(error).split())
    return words if len(words) <= 300 else f"{words[:300]}..."

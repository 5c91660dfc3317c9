"""Components of a pipeline's folder, nano or base: what each is stands in its own config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import WeightsError, unknown_option
from .base.autoencoder import BaseAutoencoder
from .base.denoiser import BaseVideoDenoiser
from .base.pretrained import load_base_text_encoder
from .base.text import ClipTextEncoder
from .nano.autoencoder import NanoAutoencoder
from .nano.denoiser import NanoVideoDenoiser
from .nano.mask_decoder import NanoMaskDecoder
from .weights import load_weights

_KINDS: dict[str, dict[str, type]] = {
    "mask_decoder": {NanoMaskDecoder.__name__: NanoMaskDecoder},
    "autoencoder": {kind.__name__: kind for kind in (NanoAutoencoder, BaseAutoencoder)},
    "denoiser": {kind.__name__: kind for kind in (NanoVideoDenoiser, BaseVideoDenoiser)},
    "refiner": {kind.__name__: kind for kind in (NanoVideoDenoiser, BaseVideoDenoiser)},
}
"""Classes that may be loaded, by a component's name or the end of it."""


def load_component(folder: Path, name: str) -> Any:
    """Load a network of a pipeline's folder.

    Args:
        folder: That `save_pretrained` wrote.
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

"""From one camera frame and a sentence to a clip of a hand doing the task.

Names are loaded when first used, so that `import ivg` is quick and loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import IvgError as IvgError
    from .models.nano.autoencoder import NanoAutoencoder as NanoAutoencoder
    from .models.nano.denoiser import NanoVideoDenoiser as NanoVideoDenoiser
    from .pipeline import InstructionalVideoPipeline as InstructionalVideoPipeline
    from .pipeline import PipelineOutput as PipelineOutput
    from .types import Appearance as Appearance
    from .types import Camera as Camera
    from .types import Clip as Clip
    from .types import HandTracks as HandTracks
    from .types import RegionOfMotion as RegionOfMotion

_HOMES = {
    "Appearance": "types",
    "Camera": "types",
    "Clip": "types",
    "HandTracks": "types",
    "InstructionalVideoPipeline": "pipeline",
    "IvgError": "errors",
    "NanoAutoencoder": "models.nano.autoencoder",
    "NanoVideoDenoiser": "models.nano.denoiser",
    "PipelineOutput": "pipeline",
    "RegionOfMotion": "types",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ivg")
    if name not in _HOMES:
        raise AttributeError(f"module 'ivg' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

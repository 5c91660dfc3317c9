"""Training of the generator: autoencoder, the paper's two stages, refiner, mask decoder; `ivg-train` runs it.

Names are loaded when first used, so that settings can be read without torch's networks.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cost.report import report as report
    from .encoded.loading import pack_clips as pack_clips
    from .export import export_pipeline as export_pipeline
    from .export import interpolate_weights as interpolate_weights
    from .progress import ProgressBar as ProgressBar
    from .progress import TrainingProgress as TrainingProgress
    from .run import train as train
    from .run import train_stage as train_stage
    from .settings import Run as Run
    from .trainer import TrainingResult as TrainingResult

_HOMES = {
    "ProgressBar": "progress",
    "Run": "settings",
    "TrainingProgress": "progress",
    "TrainingResult": "trainer",
    "export_pipeline": "export",
    "interpolate_weights": "export",
    "pack_clips": "encoded.loading",
    "report": "cost.report",
    "train": "run",
    "train_stage": "run",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

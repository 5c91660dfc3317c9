from .cost.report import report
from .encoded.loading import pack_clips
from .export import export_pipeline, interpolate_weights
from .progress import ProgressBar, TrainingProgress
from .run import train, train_stage
from .settings import Run
from .trainer import TrainingResult

__all__ = [
    "ProgressBar",
    "Run",
    "TrainingProgress",
    "TrainingResult",
    "export_pipeline",
    "interpolate_weights",
    "pack_clips",
    "report",
    "train",
    "train_stage",
]

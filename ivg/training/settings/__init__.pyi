from .denoisers import MASKS, ClipConfig, DenoiserConfig, RefinerConfig, RegionConfig, RegionStudentConfig
from .run import BaseModelConfig, DataConfig, ModelConfig, Run
from .stages import OPTIMIZERS, PRECISIONS, SCHEDULES, AutoencoderConfig, Checked, MaskDecoderConfig, RunConfig

__all__ = [
    "MASKS",
    "OPTIMIZERS",
    "PRECISIONS",
    "SCHEDULES",
    "AutoencoderConfig",
    "BaseModelConfig",
    "Checked",
    "ClipConfig",
    "DataConfig",
    "DenoiserConfig",
    "MaskDecoderConfig",
    "ModelConfig",
    "RefinerConfig",
    "RegionConfig",
    "RegionStudentConfig",
    "Run",
    "RunConfig",
]

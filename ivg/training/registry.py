"""What can be trained: a stage is one entry here, its settings and the class that trains it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DataConfig,
    MaskDecoderConfig,
    ModelConfig,
    RefinerConfig,
    RegionConfig,
    RegionStudentConfig,
    RunConfig,
)

if TYPE_CHECKING:
    from .stage import Stage


@dataclass(frozen=True)
class StageEntry:
    """Settings of a stage, and its module of `ivg.training.stages` and class, loaded when it is built."""

    settings: type[RunConfig]
    home: str

    def load(self) -> type[Stage]:
        """Return the class that trains it."""
        module, name = self.home.split(".")
        kind: type[Stage] = getattr(import_module(f"{__package__}.stages.{module}"), name)
        return kind


STAGES = {
    "autoencoder": StageEntry(AutoencoderConfig, "autoencoder.AutoencoderStage"),
    "region": StageEntry(RegionConfig, "region.RegionStage"),
    "clip": StageEntry(ClipConfig, "clip.ClipStage"),
    "masks": StageEntry(MaskDecoderConfig, "mask_decoder.MaskDecoderStage"),
}
"""By the `stage` of their settings."""

PRESETS: dict[str, type[RunConfig]] = {
    **{name: entry.settings for name, entry in STAGES.items()},
    "region_student": RegionStudentConfig,
    "refiner": RefinerConfig,
}
"""Options of ``train=``: the stages, and stages with other defaults."""

MODELS: dict[str, type[ModelConfig] | type[BaseModelConfig]] = {"nano": ModelConfig, "base": BaseModelConfig}
"""By the `kind` of their settings."""

TRAIN_OPTIONS: dict[str, Any] = {
    **{f"train/{name}": settings for name, settings in PRESETS.items()},
    "schema/model": ModelConfig,
    "schema/base_model": BaseModelConfig,
    "data/store": DataConfig,
}
"""What hydra is to know for `configs/train.yaml` (`ivg.training.composition.register`)."""

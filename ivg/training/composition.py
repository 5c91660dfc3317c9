"""What can be trained, and its configurations: composed by hydra, and read as checked dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Any, TypeVar

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..errors import ConfigError, unknown_option
from . import settings
from .settings import BaseModelConfig, DataConfig, ModelConfig, Run, RunConfig

T = TypeVar("T")

CONFIGS = "ivg.configs"  # Package of hydra's files

# hydra comes upon an error of Python's own, as it does of ``data=[1]``
UNREADABLE = "these settings cannot be read: groups such as data, model and policy take a name"


STAGES: dict[str, tuple[type[RunConfig], str]] = {  # settings, by their `stage`; the class of `.stages` that trains it
    "autoencoder": (settings.AutoencoderConfig, "autoencoder:AutoencoderStage"),
    "region": (settings.RegionConfig, "region:RegionStage"),
    "clip": (settings.ClipConfig, "clip:ClipStage"),
    "masks": (settings.MaskDecoderConfig, "mask_decoder:MaskDecoderStage"),
}

PRESETS: dict[str, type[RunConfig]] = {  # options of ``train=``: the stages, and stages with other defaults
    **{name: kind for name, (kind, _) in STAGES.items()},
    "region_student": settings.RegionStudentConfig,
    "refiner": settings.RefinerConfig,
}

MODELS: dict[str, type[ModelConfig] | type[BaseModelConfig]] = {"nano": ModelConfig, "base": BaseModelConfig}

TRAIN_OPTIONS: dict[str, Any] = {  # what hydra is to know for `configs/train.yaml`
    **{f"train/{name}": preset for name, preset in PRESETS.items()},
    "schema/model": ModelConfig,
    "schema/base_model": BaseModelConfig,
    "data/store": DataConfig,
}


def register(options: Mapping[str, Any]) -> None:
    """Make dataclasses options of hydra's groups: ``{"train/region": RegionConfig}`` gives ``train=region``."""
    for name, node in options.items():
        group, _, option = name.rpartition("/")
        ConfigStore.instance().store(group=group or None, name=option, node=node)


def compose(name: str, overrides: Sequence[str]) -> DictConfig:
    """Return what a file of `configs/` and settings give (`ConfigError` if one is wrong); register options first."""
    try:
        with initialize_config_module(CONFIGS, version_base="1.3"):
            return hydra_compose(name, overrides=list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(one_line(error)) from error
    except Exception as error:  # nothing of ours runs there
        raise ConfigError(f"{UNREADABLE} ({type(error).__name__}: {error})") from error


def one_line(error: BaseException) -> str:
    """Return what hydra says of an error, and of its cause, in one line."""
    causes = [str(cause) for cause in (error, error.__cause__) if cause is not None]
    return " ".join(" ".join(causes).split())


def resolve(config: DictConfig) -> None:
    """Replace references (``${conditioning}``) by what they refer to (`ConfigError` if it is missing or unfit)."""
    try:
        OmegaConf.resolve(config)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split())) from error


def read(kind: type[T], name: str, values: DictConfig | dict[str, Any]) -> T:
    """Build a dataclass of checked values (`ConfigError` if a key is unknown, missing, or of the wrong type)."""
    try:
        built = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind), values))
    except OmegaConfBaseException as error:
        raise ConfigError(f"{name}: {str(error).splitlines()[0]}") from error
    assert isinstance(built, kind)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key, value in vars(built).items():
        if key not in known:  # put in with +NAME=VALUE
            raise unknown_option(f"key of {name}", key, known)
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{name}.{key} must be a finite number, got {value}")
    return built


def read_top(config: DictConfig, **kinds: Any) -> dict[str, Any]:
    """Return checked values of a configuration's top level (`ConfigError` if one is missing or of the wrong type)."""
    try:
        values = {name: config[name] for name in kinds}
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split())) from error
    return dict(vars(read(make_dataclass("Settings", kinds.items()), "settings", values)))


def compose_train(overrides: Sequence[str]) -> DictConfig:
    """Return the configuration that `configs/train.yaml` and settings NAME=VALUE give."""
    register(TRAIN_OPTIONS)
    return compose("train", overrides)


def read_stage(config: DictConfig) -> tuple[RunConfig, ModelConfig | BaseModelConfig]:
    """Return the settings of stage and networks, all that a dry run needs (`ConfigError` if one is wrong)."""
    stage, model = config.train.get("stage"), config.model.get("kind", "nano")
    for name, value, known in (("train.stage", stage, STAGES), ("model.kind", model, MODELS)):
        if value not in known:
            raise unknown_option(name, value, known)
    return read(STAGES[stage][0], "train", config.train), read(MODELS[model], "model", config.model)


def read_run(config: DictConfig) -> Run:
    """Return the training that a composed configuration stands for."""
    name = str | None
    top = read_top(config, output=str, resume=bool, autoencoder=name, start=name, teacher=name, device=name)
    folders = {key: top[key] and Path(top[key]) for key in ("output", "autoencoder", "start", "teacher")}
    train, model = read_stage(config)
    return Run(train, model, read(DataConfig, "data", config.data), **{**top, **folders})

"""`ivg-train`: trains the autoencoder, the region stage or the clip stage, as hydra's configuration says."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..errors import ConfigError, IvgError, unknown_option
from ..training.config import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DataConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from .multirun import check_launcher

T = TypeVar("T")

_STAGES: dict[str, type[RunConfig]] = {
    "autoencoder": AutoencoderConfig,
    "region": RegionConfig,
    "clip": ClipConfig,
}
_MODELS: dict[str, type[ModelConfig] | type[BaseModelConfig]] = {"nano": ModelConfig, "base": BaseModelConfig}

_HELP = """ivg-train: train the parts of the generator

Examples:
  ivg-train train=autoencoder data.path=clips output=runs/autoencoder train.minutes=25
  ivg-train train=region data.path=clips output=runs/region autoencoder=runs/autoencoder/weights
  ivg-train train=clip data.path=clips output=runs/clip autoencoder=runs/autoencoder/weights start=runs/region/weights
  ivg-train train=clip ... resume=true               go on after a stop
  ivg-train train=clip --cfg job                     show all settings, run nothing
  ivg-train train=clip model=base dry_run=true       parameters, FLOPs a step, memory; trains nothing
  accelerate launch --multi_gpu --num_processes 8 -m ivg.cli.train train=clip model=base data.path=clips output=out
  ivg-train export --autoencoder runs/autoencoder/weights --region runs/region/weights --clip runs/clip/weights \\
      --output my_weights                            put the three together: ivg-demo --weights my_weights

Each writes log.jsonl, sheet_*.png, checkpoint/ and at the end weights/ into `output`. Settings are explained in
ivg/training/config.py and configs/README.md. `train` is one of autoencoder, region, clip.
"""


def main() -> None:
    """Run `ivg-train`; ends with code 2 and one line if a setting is wrong."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(_HELP)
        return
    if sys.argv[1:2] == ["export"]:
        _export(sys.argv[2:])
        return
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through, so that we can word them
    register_schemas()
    try:
        check_launcher(sys.argv[1:])
        _hydra_main()
    except (IvgError, HydraException, OmegaConfBaseException) as error:
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    """End with one line and code 2."""
    print(f"ivg-train: {' '.join(str(error).split())}", file=sys.stderr)
    sys.exit(2)


def _export(arguments: list[str]) -> None:
    """Run `ivg-train export`."""
    parser = argparse.ArgumentParser(prog="ivg-train export", description="Put trained weights together.")
    parser.add_argument("--autoencoder", required=True, metavar="FOLDER", help="base: hub name or folder")
    for name in ("region", "clip", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--first", type=Path, metavar="FOLDER", help="of train=clip_student: the first step")
    parser.add_argument("--text-encoder", metavar="NAME_OR_FOLDER", help="base only: hub name or folder")
    options = parser.parse_args(arguments)
    from ..training.export import export_pipeline

    try:
        export_pipeline(**vars(options))
    except IvgError as error:
        print(f"ivg-train export: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"wrote {options.output}")


def read_config(kind: type[T], name: str, values: DictConfig | dict[str, Any]) -> T:
    """Check values against a dataclass and build it.

    Raises:
        ConfigError: If a key is unknown, missing, or of the wrong type.
    """
    try:
        merged = OmegaConf.merge(OmegaConf.structured(kind), values)
        built = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{name}: {str(error).splitlines()[0]}") from error
    assert isinstance(built, kind)
    return built


def read_model(config: DictConfig) -> ModelConfig | BaseModelConfig:
    """Check the configuration of the networks and build it."""
    kind = config.model.get("kind", "nano")
    if kind not in _MODELS:
        raise unknown_option("model.kind", kind, _MODELS)
    return read_config(_MODELS[kind], "model", config.model)


def dry_run(config: DictConfig) -> None:
    """Print what the run that a composed configuration says would need; read no data, write nothing."""
    from ..training.dry_run import report

    print(report(read_config(_STAGES[config.train.stage], "train", config.train), read_model(config)))


def register_schemas() -> None:
    """Tell hydra the dataclasses that the files of the groups `train`, `data` and `model` are checked against."""
    store = ConfigStore.instance()
    for name, kind in _STAGES.items():
        store.store(group="schema/train", name=name, node=kind)
    store.store(group="schema", name="model", node=ModelConfig)
    store.store(group="schema", name="base_model", node=BaseModelConfig)
    store.store(group="schema", name="data", node=DataConfig)


def train(config: DictConfig) -> dict[str, float]:
    """Train what a composed configuration says; return the last figures on held-out clips."""
    from ..training.run import Run, train_stage

    run = Run(
        train=read_config(_STAGES[config.train.stage], "train", config.train),
        model=read_model(config),
        data=read_config(DataConfig, "data", config.data),
        output=Path(config.output),
        resume=config.resume,
        autoencoder=None if config.autoencoder is None else Path(config.autoencoder),
        start=None if config.start is None else Path(config.start),
        teacher=None if config.teacher is None else Path(config.teacher),
        device=config.device,
    )
    return train_stage(run)


@hydra.main(config_path="pkg://ivg.configs", config_name="train", version_base="1.3")
def _hydra_main(config: DictConfig) -> None:
    """Hydra composes and calls this."""
    try:
        dry_run(config) if config.dry_run else train(config)
    except (IvgError, OmegaConfBaseException) as error:
        _fail(error)  # here, before hydra adds lines of its own


if __name__ == "__main__":
    main()

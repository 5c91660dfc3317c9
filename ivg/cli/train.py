"""`ivg-train`: trains the autoencoder, the stages and the mask decoder, as hydra's configuration says."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..errors import ConfigError, IvgError, unknown_option
from ..io.checks import refusals_as_errors
from ..models.device import check_device
from ..training.settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DataConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from .shared.command import INTERRUPTED
from .shared.multirun import check_launcher

T = TypeVar("T")

UNREADABLE = "these settings cannot be read: groups such as data, model and policy take a name"
"""What is said where hydra comes upon an error of Python's own, as it does of ``data=[1]``."""

_STAGES: dict[str, type[RunConfig]] = {
    "autoencoder": AutoencoderConfig,
    "region": RegionConfig,
    "clip": ClipConfig,
    "masks": MaskDecoderConfig,
}
_MODELS: dict[str, type[ModelConfig] | type[BaseModelConfig]] = {"nano": ModelConfig, "base": BaseModelConfig}

_HELP = """ivg-train: train the parts of the generator

Examples:
  ivg-train train=autoencoder data.path=clips output=runs/autoencoder train.minutes=25
  ivg-train train=region data.path=clips output=runs/region autoencoder=runs/autoencoder/weights
  ivg-train train=clip data.path=clips output=runs/clip autoencoder=runs/autoencoder/weights start=runs/region/weights
  ivg-train train=masks data.path=clips output=runs/masks autoencoder=runs/autoencoder/weights \\
      teacher=runs/region/weights                    a fast decoder of stage 1's masks
  ivg-train train=clip ... resume=true               go on after a stop
  ivg-train train=clip --cfg job                     show all settings, run nothing
  ivg-train train=clip model=base dry_run=true       parameters, FLOPs a step, memory; trains nothing
  accelerate launch --multi_gpu --num_processes 8 -m ivg.cli.train train=clip model=base data.path=clips output=out
  ivg-train export --autoencoder runs/autoencoder/weights --region runs/region/weights --clip runs/clip/weights \\
      --output my_weights                            put the three together: ivg-demo --weights my_weights
  ivg-train pack --data clips more_clips --autoencoder runs/autoencoder/weights --output clips.npz
                                                     encoded clips in one file: data.path=clips.npz trains elsewhere
  ivg-train mix --start runs/student/weights --end runs/region/weights --share 0.75 --output runs/mixed
                                                     weights between a run's and those it started from

Each writes log.jsonl, sheet_*.png, checkpoint/ and at the end weights/ into `output`. Settings are explained in
ivg/training/settings.py and configs/README.md. `train` is one of autoencoder, region, clip, masks.
"""


def main() -> None:
    """Run `ivg-train`; ends with code 2 and one line if a setting is wrong."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(_HELP)
        return
    for name, command in (("export", _export), ("pack", _pack), ("mix", _mix)):
        if sys.argv[1:2] == [name]:
            command(sys.argv[2:])
            return
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through, so that we can word them
    register_schemas()
    _begun.clear()
    try:
        check_launcher(sys.argv[1:])
        _hydra_main()
    except (IvgError, HydraException, OmegaConfBaseException) as error:
        _fail(error)
    except Exception as error:
        if _begun:
            raise
        _fail(ConfigError(f"{UNREADABLE} ({type(error).__name__}: {error})"))
    except KeyboardInterrupt:
        print("ivg-train: stopped; resume=true goes on from the last checkpoint, if there is one", file=sys.stderr)
        sys.exit(INTERRUPTED)


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
    parser.add_argument("--masks", type=Path, metavar="FOLDER", help="of train=masks: decodes stage 1's masks")
    parser.add_argument("--last", type=Path, metavar="FOLDER", help="of train=clip_last: stage 2's last step")
    parser.add_argument("--extrapolation", type=float, metavar="X", help="how far stage 2's last step goes on, 0 to 1")
    parser.add_argument("--text-encoder", metavar="NAME_OR_FOLDER", help="base only: hub name or folder")
    options = parser.parse_args(arguments)
    from ..training.export import export_pipeline

    _done(parser, lambda: export_pipeline(**vars(options)))
    print(f"wrote {options.output}")


def _pack(arguments: list[str]) -> None:
    """Run `ivg-train pack`."""
    parser = argparse.ArgumentParser(
        prog="ivg-train pack", description="Encode clips into one small file, to train on another machine."
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="STORE", help="stores of clips")
    parser.add_argument("--autoencoder", type=Path, required=True, metavar="FOLDER", help="weights to encode with")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.npz")
    options = parser.parse_args(arguments)
    from ..training.run import pack_stores

    _done(parser, lambda: pack_stores(options.data, options.autoencoder, options.output))
    print(f"wrote {options.output}, {options.output.stat().st_size / 1e6:.1f} MB")


def _mix(arguments: list[str]) -> None:
    """Run `ivg-train mix`."""
    parser = argparse.ArgumentParser(
        prog="ivg-train mix", description="Write weights between a run's and those it started from."
    )
    parser.add_argument("--start", type=Path, required=True, metavar="FOLDER", help="weights that a run started from")
    parser.add_argument("--end", type=Path, required=True, metavar="FOLDER", help="weights of that run")
    parser.add_argument("--share", type=float, required=True, metavar="X", help="of the run's weights, 0 to 1")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    from ..training.weight_interpolation import interpolate_weights

    names = _done(parser, lambda: interpolate_weights(**vars(options)))
    print(f"wrote {', '.join(names)} to {options.output}")


def _done(parser: argparse.ArgumentParser, work: Callable[[], T]) -> T:
    """Do a subcommand's work; what is refused ends it with one line and code 2."""
    try:
        with refusals_as_errors():
            return work()
    except IvgError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        sys.exit(2)


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
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key, value in vars(built).items():
        if key not in known:  # put in with +NAME=VALUE
            raise unknown_option(f"key of {name}", key, known)
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{name}.{key} must be a finite number, got {value}")
    return built


@dataclass(kw_only=True)
class TopSettings:
    """What stands at the top of `configs/train.yaml`; see there."""

    output: str
    resume: bool
    autoencoder: str | None
    start: str | None
    teacher: str | None
    device: str | None
    dry_run: bool


@dataclass(kw_only=True)
class _DryRun:
    dry_run: bool  # needs no output, which `TopSettings` does


_FOLDERS = ("autoencoder", "start", "teacher")


def read_top(kind: type[T], config: DictConfig) -> T:
    """Check what stands at the top of a configuration, of which a dataclass names some keys.

    Raises:
        ConfigError: If a value is missing, refers to what is not there, or is of the wrong type.
    """
    try:
        values = {field.name: config[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split())) from error
    return read_config(kind, "settings", values)


def _read_stage(config: DictConfig) -> RunConfig:
    """Check the configuration of the training and build it."""
    stage = config.train.get("stage")
    if stage not in _STAGES:
        raise unknown_option("train.stage", stage, _STAGES)
    return read_config(_STAGES[stage], "train", config.train)


def read_model(config: DictConfig) -> ModelConfig | BaseModelConfig:
    """Check the configuration of the networks and build it."""
    kind = config.model.get("kind", "nano")
    if kind not in _MODELS:
        raise unknown_option("model.kind", kind, _MODELS)
    return read_config(_MODELS[kind], "model", config.model)


def dry_run(config: DictConfig) -> None:
    """Print what the run that a composed configuration says would need; read no data, write nothing."""
    from ..training.cost.dry_run import report

    print(report(_read_stage(config), read_model(config)))


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

    top = read_top(TopSettings, config)
    folders = {name: None if value is None else Path(value) for name, value in vars(top).items() if name in _FOLDERS}
    run = Run(
        train=_read_stage(config),
        model=read_model(config),
        data=read_config(DataConfig, "data", config.data),
        output=Path(top.output),
        resume=top.resume,
        device=top.device,
        **folders,
    )
    check_device(run.device)
    with refusals_as_errors():
        return train_stage(run)


_begun: list[bool] = []  # whether hydra has composed: errors before that are about what was asked for


@hydra.main(config_path="pkg://ivg.configs", config_name="train", version_base="1.3")
def _hydra_main(config: DictConfig) -> None:
    """Hydra composes and calls this."""
    _begun.append(True)
    try:
        dry_run(config) if read_top(_DryRun, config).dry_run else train(config)
    except (IvgError, OmegaConfBaseException) as error:
        _fail(error)  # here, before hydra adds lines of its own


if __name__ == "__main__":
    main()

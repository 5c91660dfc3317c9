"""One training of the generator: reads the clips, builds the stage, trains it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch

from ..errors import ConfigError, unknown_option
from ..inputs import check_device
from ..io.checks import check_can_be_folder
from ..pipeline import find_weights
from .composition import PRESETS, STAGES, compose_train, read_stage
from .device import new_accelerator
from .progress import ProgressCallback
from .settings import BaseModelConfig, DataConfig, ModelConfig, Run
from .stage import Stage
from .trainer import Trainer, TrainingResult


def train(
    preset: str,
    data: str | Path | DataConfig,
    output: str | Path,
    *,
    model: str | ModelConfig | BaseModelConfig = "nano",
    autoencoder: str | Path | None = None,
    start: str | Path | None = None,
    teacher: str | Path | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: ProgressCallback | None = None,
    **settings: Any,
) -> TrainingResult:
    """Train one part of the generator, with the defaults that `ivg-train` has.

    Examples:
        Stage 2 of the packaged generator, fine-tuned on clips of one's own::

            train("clip", "out/clips", "out/run", autoencoder="nano", start="nano", minutes=30, progress=ProgressBar())

    Args:
        preset: "autoencoder", "region", "region_student", "clip", "refiner" or "masks".
        data: A clip store, or a file of packed clips.
        output: Folder to write to.
        model: An option of `configs/model`, or the networks' settings.
        autoencoder: Weights: a folder, or a packaged name, as are the next two; see `Run`, also for the rest.
        start: Weights to go on from.
        teacher: Weights whose samples are learned.
        resume: Go on from the checkpoint in `output`.
        device: Name of a device, or None for accelerate's choice.
        progress: Such as a `ProgressBar`.
        **settings: Of the stage (`ivg.training.settings`), such as `steps`, `learning_rate`, `batch_size`.

    Raises:
        IvgError: If a setting is wrong, or clips or weights cannot be used.
    """
    if preset not in PRESETS:
        raise unknown_option("preset", preset, PRESETS)
    named = model if isinstance(model, str) else model.kind
    train_settings, networks = read_stage(compose_train([f"train={preset}", f"model={named}"]))
    for name in settings:
        if not hasattr(train_settings, name):
            raise unknown_option(f"setting of {preset}", name, vars(train_settings))
    folders = {"autoencoder": autoencoder, "start": start, "teacher": teacher}
    run = Run(
        replace(train_settings, **settings),
        networks if isinstance(model, str) else model,
        data if isinstance(data, DataConfig) else DataConfig(path=str(data)),
        Path(output),
        resume=resume,
        device=device,
        **{name: None if folder is None else find_weights(folder) for name, folder in folders.items()},
    )
    return train_stage(run, progress)


def train_stage(run: Run, progress: ProgressCallback | None = None) -> TrainingResult:
    """Train what a run describes, as `train` does. Under `accelerate launch`, all processes call this alike."""
    check_device(run.device)
    check_can_be_folder(run.output)
    torch.manual_seed(run.train.seed)
    accelerator = new_accelerator(run.train, run.device)
    device = torch.device(run.device) if run.device else accelerator.device
    with accelerator.main_process_first():  # it encodes the clips, and the others read what it wrote
        stage = build_stage(run, device)
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator, progress)
    if accelerator.is_main_process:
        (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    figures = trainer.run()
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return TrainingResult(run.output, run.output / "weights", figures)


def build_stage(run: Run, device: torch.device | None = None) -> Stage:
    """Build the stage that a run names, its clips and frozen networks on a device (None: the run's, else the CPU)."""
    if run.train.stage not in STAGES:
        raise ConfigError(f"no stage {run.train.stage!r}")
    kind: type[Stage] = resolve_name(f"{__package__}.stages.{STAGES[run.train.stage][1]}")
    return kind.build(run, device or torch.device(run.device or "cpu"))

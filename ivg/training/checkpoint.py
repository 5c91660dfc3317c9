"""Checkpoints: safetensors and JSON, no pickle, replaced in one move so that a stop never leaves half of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import WeightsError
from ..io.staging import clear_leftovers, staged_output

FOLDER = "checkpoint"  # Name of the checkpoint's folder in a run's output folder


def save_checkpoint(
    output: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Write the run's state, `progress` in steps and seconds too, into `output`/checkpoint, whole or not at all."""
    clear_leftovers(output / FOLDER)
    with staged_output(output / FOLDER, overwrite=True) as fresh:
        fresh.mkdir()
        save_file(plain(model.state_dict()), fresh / "model.safetensors")
        save_file(plain(average.state_dict()), fresh / "average.safetensors")
        save_file(plain(flatten(optimizer)), fresh / "optimizer.safetensors")
        (fresh / "progress.json").write_text(json.dumps(progress))


def load_checkpoint(
    output: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Bring all to the state in `output`/checkpoint, and return the progress; no or another model's: `WeightsError`."""
    folder = output / FOLDER
    if not folder.exists():  # killed between two moves, where the file system cannot exchange two folders in one
        clear_leftovers(folder)
    if not (folder / "progress.json").exists():
        raise WeightsError(f"nothing to resume: {folder} holds no checkpoint; leave out resume=true to start anew")
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
        average.load_state_dict(load_file(folder / "average.safetensors"))
        unflatten(optimizer, load_file(folder / "optimizer.safetensors"))
        _lay_out_like_parameters(optimizer)
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{folder} was written by another model or optimiser: {error}") from error
    progress: dict[str, Any] = json.loads((folder / "progress.json").read_text())
    return progress


def _lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give the state the parameters' order in memory (channels last, say), in which fused AdamW reads both."""
    for parameter, entries in optimizer.state.items():
        for name, value in entries.items():
            if torch.is_tensor(value) and value.shape == parameter.shape and value.stride() != parameter.stride():
                entries[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors that share no memory, on the CPU, as safetensors wants them."""
    form = torch.contiguous_format
    return {name: value.detach().to("cpu", copy=True, memory_format=form) for name, value in state.items()}


def flatten(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's state as {"parameter/name": tensor}."""
    state = optimizer.state_dict()["state"]
    return {f"{p}/{name}": torch.as_tensor(value) for p, entries in state.items() for name, value in entries.items()}


def unflatten(optimizer: torch.optim.Optimizer, flat: dict[str, Tensor]) -> None:
    """Give an optimiser the state that `flatten` returned; its parameter groups stay as they are."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in flat.items():
        index, name = key.split("/", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

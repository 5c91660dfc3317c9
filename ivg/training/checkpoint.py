"""Checkpoints: safetensors and JSON, no pickle, replaced in one move so that a stop never leaves half of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import WeightsError
from ..io.staging import clear_leftovers, staged_output

FOLDER = "checkpoint"
"""Name of the checkpoint's folder in a run's output folder."""


@dataclass
class Progress:
    """Where a run stands: optimiser steps and seconds of wall clock."""

    step: int
    seconds: float


def save_checkpoint(
    output: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write the run's state into `output`/checkpoint, in place of the one before, whole or not at all."""
    clear_leftovers(output / FOLDER)
    with staged_output(output / FOLDER, overwrite=True) as fresh:
        fresh.mkdir()
        save_file(_contiguous(model.state_dict()), fresh / "model.safetensors")
        save_file(_contiguous(average.state_dict()), fresh / "average.safetensors")
        save_file(_flatten(optimizer.state_dict()["state"]), fresh / "optimizer.safetensors")
        (fresh / "progress.json").write_text(json.dumps(vars(progress)))


def load_checkpoint(output: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    """Bring model, average and optimiser to the state in `output`/checkpoint.

    Raises:
        WeightsError: If there is none, or it is of another model.
    """
    folder = output / FOLDER
    if not folder.exists():  # killed between two moves, where the file system cannot exchange two folders in one
        clear_leftovers(folder)
    if not (folder / "progress.json").exists():
        raise WeightsError(f"nothing to resume: {folder} holds no checkpoint; leave out resume=true to start anew")
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
        average.load_state_dict(load_file(folder / "average.safetensors"))
        state = _unflatten(load_file(folder / "optimizer.safetensors"))
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        _lay_out_like_parameters(optimizer)
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{folder} was written by another model or optimiser: {error}") from error
    return Progress(**json.loads((folder / "progress.json").read_text()))


def _lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give the state the parameters' order in memory (channels last, say).

    torch's fused AdamW reads both in memory order, so that it would mix up the elements of a state in another one.
    """
    for parameter, entries in optimizer.state.items():
        for name, value in entries.items():
            if torch.is_tensor(value) and value.shape == parameter.shape and value.stride() != parameter.stride():
                entries[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _contiguous(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in state.items()}


def _flatten(state: dict[int, dict[str, Any]]) -> dict[str, Tensor]:
    """Turn {parameter: {name: tensor}} into {"parameter/name": tensor}."""
    return {
        f"{index}/{name}": torch.as_tensor(value).detach().cpu().contiguous()
        for index, entries in state.items()
        for name, value in entries.items()
    }


def _unflatten(flat: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split("/", 1)
        state.setdefault(int(index), {})[name] = value
    return state

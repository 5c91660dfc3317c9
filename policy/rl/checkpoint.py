"""A learner's state, to go on from: networks, optimisers, replayed experience. Safetensors, npz and JSON, no pickle."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import DictReplayBuffer
from stable_baselines3.common.save_util import recursive_getattr, recursive_setattr
from stable_baselines3.her import HerReplayBuffer
from torch import Tensor

from ivg.errors import WeightsError
from ivg.io.staging import staged_output
from ivg.training.checkpoint import flatten, plain, unflatten

_PROGRESS, _STATE, _REPLAY = "progress.json", "state.safetensors", "replay.npz"
_COUNTERS = ("num_timesteps", "_episode_num", "_n_updates")
_HER = ("ep_start", "ep_length")


def save_checkpoint(learner: BaseAlgorithm, folder: Path) -> None:
    """Write a learner's state into a folder, in place of the one before."""
    modules, variables = learner._get_torch_save_params()
    state = {f"variable/{name}": torch.as_tensor(recursive_getattr(learner, name)) for name in variables}
    for name in modules:
        part = recursive_getattr(learner, name)
        flat = flatten(part) if isinstance(part, torch.optim.Optimizer) else part.state_dict()
        state |= {f"{name}/{key}": value for key, value in flat.items()}
    counters = {name: int(getattr(learner, name)) for name in _COUNTERS}
    buffer = getattr(learner, "replay_buffer", None)
    with staged_output(folder, overwrite=True) as stage:
        stage.mkdir()
        save_file(plain(state), stage / _STATE)
        if isinstance(buffer, DictReplayBuffer):
            counters |= {"replay_position": buffer.pos, "replay_full": int(buffer.full)}
            np.savez(stage / _REPLAY, **{name: array[: buffer.size()] for name, array in _arrays(buffer).items()})
        (stage / _PROGRESS).write_text(json.dumps(counters) + "\n")


def load_checkpoint(learner: BaseAlgorithm, folder: Path) -> None:
    """Bring a learner to the state in a folder (`WeightsError` if there is none, or it is of another learner).

    Episodes that were under way are not gone on with; the generators of random numbers start anew.
    """
    if not (folder / _PROGRESS).is_file():
        raise WeightsError(f"nothing to resume: '{folder}' holds no checkpoint; start anew in another folder")
    try:
        counters = json.loads((folder / _PROGRESS).read_text())
        _load_state(learner, load_file(folder / _STATE))
        _load_replay(learner, folder / _REPLAY, counters)
        for name in _COUNTERS:
            setattr(learner, name, counters[name])
    except (KeyError, ValueError, RuntimeError, OSError, SafetensorError, zipfile.BadZipFile) as error:
        raise WeightsError(f"'{folder}' was written by another learner, or is damaged: {error}") from error


def _load_state(learner: BaseAlgorithm, state: dict[str, Tensor]) -> None:
    modules, variables = learner._get_torch_save_params()
    for name in variables:
        current = recursive_getattr(learner, name)
        stored = state[f"variable/{name}"].to(current.device)
        if current.requires_grad:
            current.data.copy_(stored)  # its optimiser knows this very tensor
        else:
            recursive_setattr(learner, name, stored)
    for name in modules:
        part = recursive_getattr(learner, name)
        own = {key.removeprefix(f"{name}/"): value for key, value in state.items() if key.startswith(f"{name}/")}
        if isinstance(part, torch.optim.Optimizer):
            unflatten(part, own)
        else:
            part.load_state_dict(own)


def _load_replay(learner: BaseAlgorithm, file: Path, counters: dict[str, int]) -> None:
    buffer = getattr(learner, "replay_buffer", None)
    if not isinstance(buffer, DictReplayBuffer):
        return
    buffer.pos, buffer.full = counters["replay_position"], bool(counters["replay_full"])
    with np.load(file, allow_pickle=False) as stored:
        for name, array in _arrays(buffer).items():
            array[: buffer.size()] = stored[name]
    if isinstance(buffer, HerReplayBuffer):
        buffer._current_ep_start[:] = buffer.pos  # what was under way counts as no episode


def _arrays(buffer: DictReplayBuffer) -> dict[str, NDArray[Any]]:
    arrays = {name: getattr(buffer, name) for name in ("actions", "rewards", "dones", "timeouts")}
    for part in ("observations", "next_observations"):
        arrays |= {f"{part}/{key}": value for key, value in getattr(buffer, part).items()}
    if isinstance(buffer, HerReplayBuffer):
        arrays |= {name: getattr(buffer, name) for name in _HER}
    return arrays

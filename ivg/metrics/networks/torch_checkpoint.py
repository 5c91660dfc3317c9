"""The tensors of a torch checkpoint that somebody else pickled, without running anything that it names."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from ...errors import WeightsError


class _Ignored:
    """Stands for an object of a class that is not a tensor: takes anything, does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> _Ignored:
        return self

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        pass

    def extend(self, _: Any) -> None:
        pass


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")):
            return getattr(torch._utils, name)
        if module == "torch" and name.endswith("Storage"):
            return getattr(torch, name)
        return type(name, (_Ignored,), {})


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Returns the tensors of a checkpoint on the CPU, by name, without the prefix of data-parallel training.

    Args:
        path: A ``.safetensors`` file, or a torch file with a state dict, at its top or as ``state_dict``. Objects of
            other classes in it (settings, optimizers) are passed over.

    Raises:
        WeightsError: If the file is missing, damaged or holds no tensors.
    """
    if not path.is_file():
        raise WeightsError(f"there is no file {path}")
    try:
        held: Any = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
    except Exception as error:  # a damaged file raises nearly anything
        raise WeightsError(f"{path} is no checkpoint that can be read: {type(error).__name__}: {error}") from error
    if isinstance(held, dict) and isinstance(held.get("state_dict"), dict):
        held = held["state_dict"]
    tensors = held.items() if isinstance(held, dict) else ()
    state = {str(name).removeprefix("module."): value for name, value in tensors if isinstance(value, Tensor)}
    if not state:
        raise WeightsError(f"{path} holds no tensors")
    return state


def _unpickled(path: Path) -> Any:
    def load(file: Any, **options: Any) -> Any:
        return _TensorsOnly(file, **options).load()

    module = SimpleNamespace(Unpickler=_TensorsOnly, load=load, __name__="tensors_only")
    return torch.load(path, map_location="cpu", weights_only=False, pickle_module=module)

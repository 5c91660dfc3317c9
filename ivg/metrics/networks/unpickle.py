"""Arrays and tensors out of files that somebody else pickled, without running anything that they name."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from ...errors import WeightsError

_reconstruct = np.zeros(1).__reduce__()[0]  # what unpickling an array calls first, wherever this numpy keeps it
_NUMPY: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NUMPY[module, name]
        except KeyError:
            raise WeightsError(f"the pickle calls for {module}.{name}; only numpy arrays are read from it") from None


def load_arrays(data: bytes) -> dict[str, Any]:
    """Returns the nested dict of numeric numpy arrays that a pickle holds; WeightsError if there is anything else."""
    try:
        tree = _ArraysOnly(io.BytesIO(data)).load()
    except WeightsError:
        raise
    except Exception as error:  # a damaged pickle raises nearly anything
        raise WeightsError(f"the pickle is damaged: {type(error).__name__}: {error}") from error
    _check(tree, "")
    if not isinstance(tree, dict):
        raise WeightsError("the pickle must hold a dict of arrays")
    return tree


def _check(node: Any, name: str) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            _check(value, f"{name}/{key}")
    elif not isinstance(node, np.ndarray) or node.dtype.kind not in "biuf":
        raise WeightsError(f"the pickle holds {type(node).__name__} at {name or '/'}, not an array of numbers")


class _Ignored(dict[Any, Any]):
    """Stands for an object of a class that is not a tensor: accepts what unpickling does to it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __call__(self, *_: Any, **__: Any) -> _Ignored:
        return self

    def __setstate__(self, _: Any) -> None:
        pass

    append = extend = __setstate__


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
            return getattr(torch._utils, name)
        if module == "torch" and name.endswith("Storage"):
            return getattr(torch, name)
        return type(name, (_Ignored,), {})


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Returns the tensors of a checkpoint on the CPU, by name, without the prefix of data-parallel training.

    It is a ``.safetensors`` file, or a torch file with a state dict, at its top or as ``state_dict``. Objects of other
    classes in it (settings, optimizers) are skipped; ``torch.load(weights_only=True)`` would refuse the file for them.

    Raises:
        WeightsError: If the file is missing, damaged or holds no tensors.
    """
    if not path.is_file():
        raise WeightsError(f"there is no file {path}")
    module = SimpleNamespace(Unpickler=_TensorsOnly, load=lambda f, **o: _TensorsOnly(f, **o).load(), __name__="only")
    try:
        if path.suffix == ".safetensors":
            held: Any = load_file(path)
        else:
            held = torch.load(path, map_location="cpu", weights_only=False, pickle_module=module)
    except Exception as error:  # a damaged file raises nearly anything
        raise WeightsError(f"{path} is no checkpoint that can be read: {type(error).__name__}: {error}") from error
    if isinstance(held, dict) and isinstance(held.get("state_dict"), dict):
        held = held["state_dict"]
    tensors = held.items() if isinstance(held, dict) else ()
    state = {str(name).removeprefix("module."): value for name, value in tensors if isinstance(value, Tensor)}
    if not state:
        raise WeightsError(f"{path} holds no tensors")
    return state

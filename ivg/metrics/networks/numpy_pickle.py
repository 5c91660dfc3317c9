"""Reading numpy arrays out of a pickle that somebody else wrote, without running anything that it names."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from ...errors import WeightsError

# What unpickling an array calls first, wherever this numpy keeps it.
_reconstruct = np.zeros(1).__reduce__()[0]

_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
"""All that a pickle of nested dicts of arrays calls for."""


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise WeightsError(f"the pickle calls for {module}.{name}; only numpy arrays are read from it") from None


def load_arrays(data: bytes) -> dict[str, Any]:
    """Returns the nested dict of numeric numpy arrays that a pickle holds.

    Raises:
        WeightsError: If it holds or calls for anything else, or is cut off.
    """
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


def _check(node: Any, place: str) -> None:
    if isinstance(node, dict):
        for name, value in node.items():
            _check(value, f"{place}/{name}")
    elif not isinstance(node, np.ndarray) or node.dtype.kind not in "biuf":
        raise WeightsError(f"the pickle holds {type(node).__name__} at {place or '/'}, not an array of numbers")

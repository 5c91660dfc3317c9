"""Pickles are read for their arrays and run nothing."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivg.errors import WeightsError
from ivg.metrics.networks.unpickle import load_arrays


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_arrays_come_back() -> None:
    tree = {"params": {"a": np.arange(6.0).reshape(2, 3)}, "stats": {"b/c": np.float32([1, 2])}}
    for protocol in (3, 4):
        found = load_arrays(pickle.dumps(tree, protocol=protocol))
        np.testing.assert_array_equal(found["params"]["a"], tree["params"]["a"])
        np.testing.assert_array_equal(found["stats"]["b/c"], tree["stats"]["b/c"])


def test_nothing_is_run(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with pytest.raises(WeightsError, match="only numpy arrays"):
        load_arrays(pickle.dumps({"a": Evil(target)}))
    assert not target.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps({"a": "text"}), "holds str at /a"),
        (pickle.dumps(np.zeros(2), protocol=4), "a dict of arrays"),
        (pickle.dumps({"a": np.zeros(2)}, protocol=4)[:-20], "damaged"),
        (pickle.dumps({"a": np.array([print], dtype=object)}, protocol=4), "only numpy arrays"),
    ],
)
def test_anything_else_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        load_arrays(data)

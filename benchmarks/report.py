"""What the benchmarks share: turns that alternate, ratios with their spread, tables for docs/speed.md."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ivg.io.page_table import insert_table, opens


def parser(description: str | None, table: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--repeats", type=int, default=5, help="turns (default: %(default)s)")
    made.add_argument("--threads", type=int, default=2, help="of torch (default: %(default)s)")
    made.add_argument("--table", type=Path, metavar="FILE", help=f"a page with the line {opens(table)}, or a new file")
    return made


def take_turns(ways: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, NDArray[np.float64]]:
    """Return the seconds (repeats,) of each way, run in turn after one run that does not count."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    return {name: np.array(taken) for name, taken in seconds.items()}


def matrix_rate(repeats: int = 5) -> float:
    """Return how many operations a second (GFLOP/s) products of large float32 matrices reach here: the best turn."""
    a, b = torch.randn(2048, 1024), torch.randn(1024, 2048)
    a @ b
    best = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in range(5):
            a @ b
        best = min(best, (time.perf_counter() - began) / 5)
    return 2 * 2048 * 1024 * 2048 / best / 1e9


def spread(values: NDArray[np.float64], form: str = "{:.2f}") -> str:
    """Write the median of values, and from where to where they go."""
    median, low, high = (form.format(value) for value in (np.median(values), values.min(), values.max()))
    return f"{median} ({low} to {high})"


def report(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str, target: Path | None) -> None:
    """Print a table, and put it into its place on a page."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *rows)]
    table = "\n".join([*lines, "", note])
    print(f"{name}\n{table}\n")
    if target is not None:
        insert_table(table, target, name)

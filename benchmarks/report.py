"""Shared by the benchmarks: timing variants alternately, ratios with their spread, memory, tables for docs/speed.md."""

from __future__ import annotations

import argparse
import re
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
    made.add_argument("--repeats", type=int, default=5, help="rounds (default: %(default)s)")
    made.add_argument("--threads", type=int, default=2, help="of torch (default: %(default)s)")
    made.add_argument("--table", type=Path, metavar="FILE", help=f"a page with the line {opens(table)}, or a new file")
    return made


def time_alternately(variants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, NDArray[np.float64]]:
    """Return the seconds (repeats,) of each variant, run alternately after one run that does not count."""
    for variant in variants.values():
        variant()

    def seconds(variant: Callable[[], object]) -> float:
        began = time.perf_counter()
        variant()
        return time.perf_counter() - began

    return measure_alternately({name: lambda v=variant: seconds(v) for name, variant in variants.items()}, repeats)


def measure_alternately(variants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, NDArray[np.float64]]:
    """Return what each variant returns (repeats,), called alternately."""
    values: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(repeats):
        for name, variant in variants.items():
            values[name].append(variant())
    return {name: np.array(found) for name, found in values.items()}


def memory_mib(kind: str = "VmRSS") -> float:
    """Return the MiB that this process holds (Linux), or with "VmHWM" the most it has held."""
    found = re.search(rf"{kind}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def matrix_rate(repeats: int = 5) -> float:
    """Return how many operations a second (GFLOP/s) products of large float32 matrices reach here: the best round."""
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
    """Return the median of values and their range, as text."""
    median, low, high = (form.format(value) for value in (np.median(values), values.min(), values.max()))
    return f"{median} ({low} to {high})"


def report(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str, target: Path | None) -> None:
    """Print a table, and insert it into a page."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *rows)]
    table = "\n".join([*lines, "", note])
    print(f"{name}\n{table}\n")
    if target is not None:
        insert_table(table, target, name)

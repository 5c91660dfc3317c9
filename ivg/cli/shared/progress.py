"""A progress bar for commands that go through episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def episode_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give a progress callback that draws a bar on stderr; a total of 0 is unknown."""
    from tqdm import tqdm

    bars: list[tqdm[Any]] = []

    def progress(done: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(total=total or None, desc=name, unit="episode"))
        bars[0].update(done - bars[0].n)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.close()

"""How long runs report their progress: a callback; and one that draws a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tqdm import tqdm


class Progress(Protocol):
    """Progress callback of a run."""

    def __call__(self, done: int, total: int, **counts: int) -> None:
        """Take note of the progress.

        Args:
            done: Items done, those of earlier runs included; called with these once at the start.
            total: All items; 0 if that is not known.
            counts: More to show, such as attempts.
        """


OnProgress = Callable[[str, int, int], None]
"""Progress callback of a run with stages: called with the stage's name, the items done, and all of them."""


def stage_progress(on_progress: OnProgress | None, stage: str) -> Progress | None:
    """Return the progress callback of one stage of a run."""
    if on_progress is None:
        return None
    return lambda done, total, **_: on_progress(stage, done, total)


@contextmanager
def progress_bar(name: str, unit: str) -> Iterator[Progress]:
    """Give a progress callback that draws a bar on stderr.

    Args:
        name: What the bar is of.
        unit: What an item is called.
    """
    bars: list[tqdm[Any]] = []

    def progress(done: int, total: int, **counts: int) -> None:
        if not bars or done < bars[-1].n:  # the first call, or a new round
            bars.append(tqdm(total=total or None, initial=done, desc=name, unit=unit))
        if counts:
            bars[-1].set_postfix(counts, refresh=False)
        bars[-1].update(done - bars[-1].n)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.close()

"""The progress bar of all commands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from ...jobs import Progress


class StageBars:
    """Progress callback of runs with several stages: draws a bar on stderr for each as it begins.

    Args:
        titles: Of the stages that have a bar; all of them, under their own names, if None.
        unit: What an item is called.
        terminal_only: Draw nothing where stderr is no terminal.
    """

    def __init__(self, titles: Mapping[str, str] | None = None, unit: str = "it", terminal_only: bool = False) -> None:
        size = shutil.get_terminal_size()  # tqdm's own guess shows nothing on terminals of unknown size
        look: dict[str, Any] = {"unit": unit, "ncols": size.columns, "nrows": size.lines}
        self._make = partial(tqdm, **look, **({"disable": None} if terminal_only else {}))
        self._titles, self._stage = titles, ""
        self._bar: tqdm[Any] = tqdm(disable=True)

    def __call__(self, stage: str, done: int, total: int, **counts: int) -> None:
        """Show that `done` of `total` items of a stage are done, 0 if that is not known, and further counts."""
        if self._titles is not None and stage not in self._titles:
            return
        if stage != self._stage or done < self._bar.n:  # another stage, or a new round of it
            self._bar.close()
            title = stage if self._titles is None else self._titles[stage]
            self._stage, self._bar = stage, self._make(total=total or None, initial=done, desc=title)
        if counts:
            self._bar.set_postfix(counts, refresh=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> StageBars:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


@contextmanager
def progress_bar(name: str, unit: str) -> Iterator[Progress]:
    """Give a progress callback that draws one bar with this name."""
    with StageBars(unit=unit) as bars:
        yield partial(bars, name)

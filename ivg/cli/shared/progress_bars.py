"""Progress bars on a terminal, one for each stage of a run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm


class ProgressBars:
    """A progress callback that draws a bar for each named stage, on standard error when that is a terminal.

    Args:
        names: Stages with a bar, and their names.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names, self._bars = names, dict[str, Any]()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of a stage are done."""
        if stage not in self._names:
            return
        if stage not in self._bars:
            size = shutil.get_terminal_size()  # tqdm's own guess shows nothing on terminals of unknown size
            self._bars[stage] = tqdm(
                total=total,
                desc=self._names[stage],
                bar_format="{desc:<17} {bar:32} {n_fmt}/{total_fmt}  {elapsed}",
                disable=None,
                ncols=size.columns,
                nrows=size.lines,
            )
        bar = self._bars[stage]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in self._bars.values():
            bar.close()


class StageBars:
    """A progress callback that draws a bar for each stage of a run as it begins."""

    def __init__(self) -> None:
        self._stage, self._bar = "", tqdm(disable=True)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` items of a stage are done."""
        if stage != self._stage:
            self._bar.close()
            self._stage, self._bar = stage, tqdm(total=total, initial=done, desc=stage)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> StageBars:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

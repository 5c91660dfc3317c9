"""A bar on stderr for each stage of a run that reports its progress."""

from __future__ import annotations

from tqdm import tqdm


class StageBars:
    """Progress callback of runs with several stages; draws a bar for each stage as it begins."""

    def __init__(self) -> None:
        self._stage, self._bar = "", tqdm(disable=True)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Draw the progress of a stage: items done of all items."""
        if stage != self._stage:
            self._bar.close()
            self._stage, self._bar = stage, tqdm(total=total, initial=done, desc=stage)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> StageBars:
        """Return the callback."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the last bar."""
        self._bar.close()

"""How long runs report their progress: by a callback."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Progress callback of a run."""

    def __call__(self, done: int, total: int, **counts: int) -> None:
        """Take note of the progress.

        Args:
            done: Items done, those of earlier runs included; called with these once at the start.
            total: All items; 0 if that is not known.
            counts: More to show, such as attempts.
        """

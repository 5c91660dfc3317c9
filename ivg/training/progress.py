"""Progress of a training: what its callback is given, a bar on the terminal, what is due when, Ctrl-C between steps."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tqdm import tqdm


@dataclass(frozen=True)
class TrainingProgress:
    """State of a training after a step.

    Attributes:
        fraction: Fraction of the training that is done, in [0, 1].
        figures: Means since the last line of the log, or figures on held-out clips; empty after other steps.
        held_out: Whether the figures are those on held-out clips.
    """

    stage: str
    step: int
    minutes: float
    fraction: float
    figures: Mapping[str, float] = field(default_factory=dict)
    held_out: bool = False


ProgressCallback = Callable[[TrainingProgress], None]
"""Called in the main process after each step, and after each validation."""


class ProgressBar:
    """A progress callback: a bar on stderr; figures on held-out clips on lines of their own."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __call__(self, progress: TrainingProgress) -> None:
        """Show the progress."""
        if self._bar is None:
            form = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
            self._bar = tqdm(total=100, desc=progress.stage, unit="%", bar_format=form, mininterval=2)
        self._bar.update(100 * progress.fraction - self._bar.n)
        if progress.held_out:
            shown = "  ".join(f"{name} {value:.4g}" for name, value in progress.figures.items())
            tqdm.write(f"step {progress.step}, {progress.minutes:.1f} min, held out: {shown}")
        elif progress.figures:
            self._bar.set_postfix(progress.figures, refresh=False)
        if progress.fraction >= 1:
            self._bar.close()


class Clock:
    """Says when something is due (by its name, every so many seconds), and how many steps a lap had."""

    def __init__(self, **seconds: float) -> None:
        now = time.monotonic()
        self._seconds, self._last, self._lap = seconds, dict.fromkeys(seconds, now), now
        self.steps = 0

    def due(self, name: str) -> bool:
        """Whether it is time; if so, the time until the next begins."""
        now = time.monotonic()
        if now - self._last[name] < self._seconds[name]:
            return False
        self._last[name] = now
        return True

    def lap(self) -> tuple[int, float]:
        """Return steps and seconds since the last call."""
        now = time.monotonic()
        steps, seconds = self.steps, max(now - self._lap, 1e-6)
        self._lap, self.steps = now, 0
        return steps, seconds


@contextmanager
def interrupt_awaited() -> Iterator[Callable[[], bool]]:
    """Record the first Ctrl-C rather than stop the program, so that a step can end; the second stops it at once.

    Outside the main thread, where Python hears no signals, and where Ctrl-C is ignored or handled by others, nothing
    changes.

    Yields:
        A function that returns whether Ctrl-C was pressed.
    """
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield lambda: False
        return
    pressed: list[bool] = []

    def note(number: int, frame: FrameType | None) -> None:
        pressed.append(True)
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, usual)

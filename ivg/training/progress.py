"""Progress of a training: its callback, a bar on the terminal, stop criterion, what is due, Ctrl-C between steps."""

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

from .settings import RunConfig


@dataclass(frozen=True)
class TrainingProgress:
    """State of a training after a step; `figures` are means for the log, or on held-out clips; else empty."""

    stage: str
    step: int
    minutes: float
    fraction: float
    figures: Mapping[str, float] = field(default_factory=dict)
    held_out: bool = False


ProgressCallback = Callable[[TrainingProgress], None]  # called in the main process after steps and validations


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


class StopCriterion:
    """Counts steps and wall-clock time against the settings' steps or minutes, over stops and resumes."""

    def __init__(self, config: RunConfig, step: int = 0, seconds: float = 0.0) -> None:
        self._config, self._before, self._started = config, seconds, time.monotonic()
        self.step = step

    @property
    def seconds(self) -> float:
        """Wall-clock time spent, in seconds."""
        return self._before + time.monotonic() - self._started

    @property
    def fraction(self) -> float:
        """Fraction of the training that is done, in [0, 1]."""
        if self._config.steps is not None:
            return min(1.0, self.step / self._config.steps)
        assert self._config.minutes is not None
        return min(1.0, self.seconds / (60 * self._config.minutes))


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

    Yields a function that returns whether it was pressed. Nothing changes outside the main thread, where Python hears
    no signals, and where Ctrl-C is ignored or handled by others.
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

"""Ctrl-C that waits for the end of a step, so that a checkpoint can be written of what was trained so far."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_awaited() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be asked for rather than stop the program; the second stops it at once.

    Outside the main thread, where Python hears no signals, and where Ctrl-C is ignored or handled by others, nothing
    changes.

    Yields:
        Tells whether Ctrl-C was pressed.
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

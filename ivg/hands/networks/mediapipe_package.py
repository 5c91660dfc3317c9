"""The installed mediapipe package: its model files, its detectors' options, and its log lines kept off the terminal."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError, WeightsError


def mediapipe_file(name: str) -> Path:
    """Return a file in the installed mediapipe package, which is not imported; raise a `WeightsError` without it."""
    found = importlib.util.find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        raise WeightsError("the package mediapipe, which carries the hand models, is not installed")
    path = Path(found.submodule_search_locations[0]) / name
    if not path.is_file():
        raise WeightsError(f"the installed mediapipe carries no {name}; versions from 0.10.14 to 0.10.21 do")
    return path


def check_options(min_confidence: float, max_hands: int, model_complexity: int, **positive: int) -> None:
    """Refuse options of a detector that are out of their range."""
    if not 0 < min_confidence <= 1:
        raise InputError(f"min_confidence must lie in (0, 1], got {min_confidence}")
    if max_hands not in (1, 2):
        raise InputError(f"max_hands must be 1 or 2, got {max_hands}")
    if model_complexity not in (0, 1):
        raise InputError(f"model_complexity must be 0 (MediaPipe's lite models) or 1 (full), got {model_complexity}")
    for name, value in positive.items():
        if value < 1:
            raise InputError(f"{name} must be positive, got {value}")


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Hold back what is written to the process's standard error; show it only if the block fails.

    MediaPipe and TensorFlow Lite write notices from C++, straight to file descriptor 2, before any of their log
    settings are read. The descriptor is shared by all threads, so keep the block short.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    try:
        original = os.dup(2)
    except OSError:  # there is no standard error to keep clean
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)

"""Keeping the log lines of native libraries off the terminal while they start."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Hold back what is written to the process's standard error; show it only if the block fails.

    MediaPipe and TensorFlow Lite write notices from C++, straight to file descriptor 2, before any of their
    log settings are read. The descriptor is shared by all threads, so keep the block short.
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

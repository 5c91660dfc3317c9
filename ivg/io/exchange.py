"""Two paths are exchanged in one step, so that whoever is killed leaves one or the other."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_HERE = -100  # AT_FDCWD: paths are relative to the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def exchange(first: Path, second: Path) -> bool:
    """Exchange two paths of one file system.

    Args:
        first: A file or folder.
        second: Another one.

    Returns:
        Whether it was done. False, and nothing changed, if the system or the file system cannot do it in one step.

    Raises:
        OSError: If it can but failed.
    """
    call = _call()
    if call is None:
        return False
    if call(os.fsencode(first), os.fsencode(second)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNABLE:
        return False
    raise OSError(code, os.strerror(code), str(first), None, str(second))


@cache
def _call() -> Any:
    """Return what calls the system with two paths (Linux: renameat2(2), macOS: renamex_np(2)); None without it."""
    if sys.platform.startswith("linux"):
        function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        return function and (lambda first, second: function(_HERE, first, _HERE, second, _EXCHANGE))
    if sys.platform == "darwin":
        function = getattr(ctypes.CDLL(None, use_errno=True), "renamex_np", None)
        return function and (lambda first, second: function(first, second, _EXCHANGE))
    return None

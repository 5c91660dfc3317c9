"""The folder that fetched networks are kept in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Returns ``$IVG_CACHE``, else ``$XDG_CACHE_HOME/ivg``, else ``~/.cache/ivg``; it need not exist."""
    own = os.environ.get("IVG_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivg"


def network_file(name: str) -> Path:
    """Returns where the weights of a fetched network are kept."""
    return cache_folder() / "networks" / f"{name}.safetensors"


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Gives a path to write to, which becomes `target` when all went well; else nothing is left behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

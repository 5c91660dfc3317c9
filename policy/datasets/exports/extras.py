"""Packages that only one format needs, and what to say where they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from ivg.errors import InputError


def needed(module: str, extra: str) -> Any:
    """Import a module of an optional extra.

    Args:
        module: Such as "pyarrow.parquet".
        extra: Which of ivg's extras brings it.

    Returns:
        The module.

    Raises:
        InputError: If it is not installed; says what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise InputError(f"this format needs {package}: pip install 'ivg[{extra}]'") from error

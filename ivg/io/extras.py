"""Packages of optional extras: imported when first needed, with a message that says how to install them."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import InputError


def needed(module: str, extra: str, purpose: str = "this format", package: str = "") -> Any:
    """Import a module of an optional extra.

    Args:
        module: Such as "pyarrow.parquet".
        extra: Which of ivg's extras installs it.
        purpose: What needs it, for the message.
        package: Its name in the message; the module's first part if empty.

    Returns:
        The module.

    Raises:
        InputError: If it is not installed; says what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = package or module.split(".")[0]
        raise InputError(f"{purpose} needs {name}: pip install 'ivg[{extra}]' ({error})") from error

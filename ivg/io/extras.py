"""Packages of optional extras: imported when first needed, with a message that says how to install them."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import InputError


def needed(module: str, extra: str, purpose: str = "this format", package: str = "") -> Any:
    """Import and return a module (such as "pyarrow.parquet") of one of ivg's optional extras.

    Raises:
        InputError: If it is not installed; says that `purpose` needs `package` (default: the module's first part), and
            what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = package or module.split(".")[0]
        raise InputError(f"{purpose} needs {name}: pip install 'ivg[{extra}]' ({error})") from error

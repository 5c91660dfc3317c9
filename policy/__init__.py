"""From generated clips to what a policy learns from. Importing this loads nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .demonstration import Demonstration
    from .generator import DemoGenerator
    from .store import DemonstrationStore, append_demonstrations, write_demonstrations

__all__ = [
    "DemoGenerator",
    "Demonstration",
    "DemonstrationStore",
    "append_demonstrations",
    "write_demonstrations",
]

_MODULES = {
    "DemoGenerator": ".generator",
    "Demonstration": ".demonstration",
    "DemonstrationStore": ".store",
    "append_demonstrations": ".store",
    "write_demonstrations": ".store",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

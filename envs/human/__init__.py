"""The human demonstrator: a procedural hand that acts the kitchen's tasks, with ground truth."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clip import HumanClip
    from .demonstrator import HumanDemonstrator

__all__ = ["HumanClip", "HumanDemonstrator"]


def __getattr__(name: str) -> object:
    """Load the demonstrator, and MuJoCo with it, only when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "HumanDemonstrator":
        from ..rendering import load_mujoco

        load_mujoco()
    return getattr(import_module({"HumanClip": ".clip", "HumanDemonstrator": ".demonstrator"}[name], __name__), name)

"""Reinforcement learning with stable-baselines3: policies conditioned on a demonstration, rewarded for following it.

Names are loaded when first used: settings can be read without stable-baselines3.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .curve import LearningCurve as LearningCurve
    from .environment import conditioned_environment as conditioned_environment
    from .evaluation import Episode as Episode
    from .evaluation import play as play
    from .evaluation import summarise as summarise
    from .saving import load_policy as load_policy
    from .saving import save_policy as save_policy
    from .settings import ReinforcementSettings as ReinforcementSettings
    from .training import ReinforcementResult as ReinforcementResult
    from .training import train_reinforcement as train_reinforcement

_HOMES = {
    "Episode": "evaluation",
    "LearningCurve": "curve",
    "ReinforcementResult": "training",
    "ReinforcementSettings": "settings",
    "conditioned_environment": "environment",
    "load_policy": "saving",
    "play": "evaluation",
    "save_policy": "saving",
    "summarise": "evaluation",
    "train_reinforcement": "training",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

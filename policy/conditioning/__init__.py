"""Demonstrations in a training loop: observations, rewards, goals, features of a conditioned policy.

Importing this loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cache import DemonstrationCache, fill_cache
    from .features import DemoFeaturesExtractor
    from .goals import DemoGoalWrapper
    from .progress import TrajectoryProgress
    from .sources import DemonstrationSource, GeneratedDemonstrations, PrecomputedDemonstrations
    from .tracking_reward import DemoTrackingReward
    from .video_demo import VideoDemoWrapper

__all__ = [
    "DemoFeaturesExtractor",
    "DemoGoalWrapper",
    "DemoTrackingReward",
    "DemonstrationCache",
    "DemonstrationSource",
    "GeneratedDemonstrations",
    "PrecomputedDemonstrations",
    "TrajectoryProgress",
    "VideoDemoWrapper",
    "fill_cache",
]

_MODULES = {
    "DemoFeaturesExtractor": ".features",
    "DemoGoalWrapper": ".goals",
    "DemoTrackingReward": ".tracking_reward",
    "DemonstrationCache": ".cache",
    "DemonstrationSource": ".sources",
    "GeneratedDemonstrations": ".sources",
    "TrajectoryProgress": ".progress",
    "PrecomputedDemonstrations": ".sources",
    "VideoDemoWrapper": ".video_demo",
    "fill_cache": ".cache",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

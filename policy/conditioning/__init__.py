"""Demonstrations in a training loop: observations, rewards, goals, the features of a policy that watches.

Importing this loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cache import DemonstrationCache
    from .features import DemoFeaturesExtractor
    from .goals import DemoGoalWrapper
    from .potential import TrajectoryProgress
    from .sources import DemonstrationSource, GeneratedDemonstrations, PrecomputedDemonstrations
    from .tracking_reward import DemoTrackingReward
    from .video_demo import VideoDemoWrapper, fill_cache

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
    "TrajectoryProgress": ".potential",
    "PrecomputedDemonstrations": ".sources",
    "VideoDemoWrapper": ".video_demo",
    "fill_cache": ".video_demo",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

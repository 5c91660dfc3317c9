"""From generated clips to what a policy learns from. Importing this loads nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conditioning import (
        DemoFeaturesExtractor,
        DemoGoalWrapper,
        DemonstrationCache,
        DemoTrackingReward,
        VideoDemoWrapper,
        fill_cache,
    )
    from .demonstration import Demonstration
    from .episodes import EpisodeStore, EpisodeWindows, RobotEpisode, append_episodes, attempt_episode, write_episodes
    from .evaluation import rollout, wilson_interval
    from .execution import GripperPlan, PathTracker, execute, plan_demonstration, plan_gripper
    from .extraction import ExtractedDemonstration, demonstration_of_clip, extract
    from .generator import DemoGenerator
    from .learners import BehaviourCloningPolicy, DiffusionPolicy, load_policy
    from .lifting import HandLifter, PnPLifter
    from .refinement import refine_contact
    from .retarget import contact_frames, dexterous_path, gripper_path
    from .store import DemonstrationStore, append_demonstrations, write_demonstrations
    from .tracking import clean_tracks
    from .watching import watch

__all__ = [
    "BehaviourCloningPolicy",
    "DemoFeaturesExtractor",
    "DemoGenerator",
    "DemoGoalWrapper",
    "DemoTrackingReward",
    "Demonstration",
    "DemonstrationCache",
    "DemonstrationStore",
    "DiffusionPolicy",
    "EpisodeStore",
    "EpisodeWindows",
    "ExtractedDemonstration",
    "GripperPlan",
    "HandLifter",
    "PathTracker",
    "PnPLifter",
    "RobotEpisode",
    "VideoDemoWrapper",
    "append_demonstrations",
    "append_episodes",
    "attempt_episode",
    "clean_tracks",
    "contact_frames",
    "demonstration_of_clip",
    "dexterous_path",
    "execute",
    "extract",
    "fill_cache",
    "gripper_path",
    "load_policy",
    "plan_demonstration",
    "plan_gripper",
    "refine_contact",
    "rollout",
    "watch",
    "wilson_interval",
    "write_demonstrations",
    "write_episodes",
]

_MODULES = {
    "BehaviourCloningPolicy": ".learners",
    "DemoFeaturesExtractor": ".conditioning",
    "DemoGenerator": ".generator",
    "DemoGoalWrapper": ".conditioning",
    "DemoTrackingReward": ".conditioning",
    "Demonstration": ".demonstration",
    "DemonstrationCache": ".conditioning",
    "DemonstrationStore": ".store",
    "DiffusionPolicy": ".learners",
    "EpisodeStore": ".episodes",
    "EpisodeWindows": ".episodes",
    "ExtractedDemonstration": ".extraction",
    "GripperPlan": ".execution",
    "HandLifter": ".lifting",
    "PathTracker": ".execution",
    "PnPLifter": ".lifting",
    "RobotEpisode": ".episodes",
    "VideoDemoWrapper": ".conditioning",
    "append_demonstrations": ".store",
    "append_episodes": ".episodes",
    "attempt_episode": ".episodes",
    "clean_tracks": ".tracking",
    "contact_frames": ".retarget",
    "demonstration_of_clip": ".extraction",
    "dexterous_path": ".retarget",
    "execute": ".execution",
    "extract": ".extraction",
    "fill_cache": ".conditioning",
    "gripper_path": ".retarget",
    "load_policy": ".learners",
    "plan_demonstration": ".execution",
    "plan_gripper": ".execution",
    "refine_contact": ".refinement",
    "rollout": ".evaluation",
    "watch": ".watching",
    "wilson_interval": ".evaluation",
    "write_demonstrations": ".store",
    "write_episodes": ".episodes",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

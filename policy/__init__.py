"""From generated clips to what a policy learns from. Importing this loads nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attempt import attempt_episode
    from .conditioning import (
        DemoFeaturesExtractor,
        DemoGoalWrapper,
        DemonstrationCache,
        DemoTrackingReward,
        VideoDemoWrapper,
        fill_cache,
    )
    from .control import GripperPlan, TrajectoryTracker, execute, plan_demonstration, plan_gripper
    from .datasets import (
        Demonstration,
        DemonstrationStore,
        EpisodeStore,
        EpisodeWindows,
        RobotEpisode,
        append_demonstrations,
        append_episodes,
        write_demonstrations,
        write_episodes,
    )
    from .evaluation import rollout, wilson_interval
    from .extraction import ExtractedDemonstration, demonstration_of_clip, extract
    from .generator import DemoGenerator
    from .hands3d.lifting import HandLifter, PnPLifter
    from .hands3d.tracking import clean_tracks
    from .learning import BehaviourCloningPolicy, DiffusionPolicy, load_policy
    from .retargeting import contact_frames, dexterous_trajectory, gripper_trajectory
    from .retargeting.refinement import refine_contact
    from .sampling import best_of_n


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
    "PnPLifter",
    "RobotEpisode",
    "TrajectoryTracker",
    "VideoDemoWrapper",
    "append_demonstrations",
    "append_episodes",
    "attempt_episode",
    "best_of_n",
    "clean_tracks",
    "contact_frames",
    "demonstration_of_clip",
    "dexterous_trajectory",
    "execute",
    "extract",
    "fill_cache",
    "gripper_trajectory",
    "load_policy",
    "plan_demonstration",
    "plan_gripper",
    "refine_contact",
    "rollout",
    "wilson_interval",
    "write_demonstrations",
    "write_episodes",
]

_MODULES = {
    "BehaviourCloningPolicy": ".learning",
    "DemoFeaturesExtractor": ".conditioning",
    "DemoGenerator": ".generator",
    "DemoGoalWrapper": ".conditioning",
    "DemoTrackingReward": ".conditioning",
    "Demonstration": ".datasets",
    "DemonstrationCache": ".conditioning",
    "DemonstrationStore": ".datasets",
    "DiffusionPolicy": ".learning",
    "EpisodeStore": ".datasets",
    "EpisodeWindows": ".datasets",
    "ExtractedDemonstration": ".extraction",
    "GripperPlan": ".control",
    "HandLifter": ".hands3d.lifting",
    "TrajectoryTracker": ".control",
    "PnPLifter": ".hands3d.lifting",
    "RobotEpisode": ".datasets",
    "VideoDemoWrapper": ".conditioning",
    "append_demonstrations": ".datasets",
    "append_episodes": ".datasets",
    "attempt_episode": ".attempt",
    "clean_tracks": ".hands3d.tracking",
    "contact_frames": ".retargeting",
    "demonstration_of_clip": ".extraction",
    "dexterous_trajectory": ".retargeting",
    "execute": ".control",
    "extract": ".extraction",
    "fill_cache": ".conditioning",
    "gripper_trajectory": ".retargeting",
    "load_policy": ".learning",
    "plan_demonstration": ".control",
    "plan_gripper": ".control",
    "refine_contact": ".retargeting.refinement",
    "rollout": ".evaluation",
    "best_of_n": ".sampling",
    "wilson_interval": ".evaluation",
    "write_demonstrations": ".datasets",
    "write_episodes": ".datasets",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)

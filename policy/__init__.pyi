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

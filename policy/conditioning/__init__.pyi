from .cache import DemonstrationCache, fill_cache
from .features import DemoFeaturesExtractor
from .goals import DemoGoalWrapper
from .sources import DemonstrationSource, GeneratedDemonstrations, PrecomputedDemonstrations
from .tracking_reward import DemoTrackingReward, TrajectoryProgress
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

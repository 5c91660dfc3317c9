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

"""Hand tracks to joints in world metres (loads torch)."""

from .level_camera import LevelCamera
from .lifted import LiftedHands
from .lifter import HandLifter

__all__ = ["HandLifter", "LevelCamera", "LiftedHands"]

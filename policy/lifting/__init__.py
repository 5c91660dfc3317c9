"""Hand tracks to joints in world metres (loads torch)."""

from .depth_correction import DepthCorrection
from .level_camera import LevelCamera
from .lifted import LiftedHands, Lifter
from .lifter import HandLifter
from .pnp import PnPLifter

__all__ = ["DepthCorrection", "HandLifter", "LevelCamera", "LiftedHands", "Lifter", "PnPLifter"]

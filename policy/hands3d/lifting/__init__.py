"""Hand tracks to joints in world metres (loads torch)."""

from .canonical_camera import CanonicalCamera
from .depth_correction import DepthCorrection
from .lifted import LiftedHands, Lifter
from .lifter import HandLifter
from .pnp import PnPLifter

__all__ = ["CanonicalCamera", "DepthCorrection", "HandLifter", "LiftedHands", "Lifter", "PnPLifter"]

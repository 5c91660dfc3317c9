"""Hand tracks to joints in world metres (loads torch)."""

from .canonical_camera import CanonicalCamera
from .depth_correction import DepthCorrection
from .lifter import HandLifter, LiftedHands, Lifter
from .pnp import PnPLifter

__all__ = ["CanonicalCamera", "DepthCorrection", "HandLifter", "LiftedHands", "Lifter", "PnPLifter"]

"""Hand tracks to joints in world metres (loads torch)."""

from .depth_correction import DepthCorrection
from .lifter import HandLifter, LiftedHands, Lifter
from .network import CanonicalCamera
from .pnp import PnPLifter

__all__ = ["CanonicalCamera", "DepthCorrection", "HandLifter", "LiftedHands", "Lifter", "PnPLifter"]

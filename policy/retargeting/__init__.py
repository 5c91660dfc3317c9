"""From a hand in metres to the trajectory of a gripper or of a robot hand, and to what it touches when."""

from .contact import contact_frames
from .dexterous import DexterousTrajectory, dexterous_trajectory
from .gripper import GripperTrajectory, gripper_trajectory
from .interaction import interaction_of

__all__ = [
    "DexterousTrajectory",
    "GripperTrajectory",
    "contact_frames",
    "dexterous_trajectory",
    "gripper_trajectory",
    "interaction_of",
]

"""Hands in metres to paths of grippers, and of robot hands."""

from .contact import contact_frames
from .dexterous import DexterousTrajectory, dexterous_trajectory
from .gripper import GripperTrajectory, estimate_hand_scale, gripper_axes, gripper_trajectory

__all__ = [
    "DexterousTrajectory",
    "GripperTrajectory",
    "contact_frames",
    "dexterous_trajectory",
    "estimate_hand_scale",
    "gripper_axes",
    "gripper_trajectory",
]

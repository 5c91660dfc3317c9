"""Hands in metres to paths of grippers, and of robot hands."""

from .contact import contact_frames
from .dexterous import DexterousPath, dexterous_path
from .gripper import GripperPath, estimate_hand_scale, gripper_axes, gripper_path

__all__ = [
    "DexterousPath",
    "GripperPath",
    "contact_frames",
    "dexterous_path",
    "estimate_hand_scale",
    "gripper_axes",
    "gripper_path",
]

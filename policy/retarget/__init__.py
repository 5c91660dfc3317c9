"""Hands in metres to paths of grippers."""

from .contact import contact_frames
from .gripper import GripperPath, estimate_hand_scale, gripper_path

__all__ = ["GripperPath", "contact_frames", "estimate_hand_scale", "gripper_path"]

"""A robot does what a hand was seen doing: a plan for a parallel gripper, and a tracker that follows it."""

from .execute import Execution, execute
from .plan import GripperPlan
from .planning import plan_demonstration, plan_gripper
from .tracker import ActionScale, TrajectoryTracker

__all__ = [
    "ActionScale",
    "Execution",
    "GripperPlan",
    "TrajectoryTracker",
    "execute",
    "plan_demonstration",
    "plan_gripper",
]

"""Plans for a parallel gripper from a hand's trajectory, and a tracker that executes them."""

from .execution import ActionScale, Execution, TrajectoryTracker, execute
from .planning import GripperPlan, plan_demonstration, plan_gripper

__all__ = [
    "ActionScale",
    "Execution",
    "GripperPlan",
    "TrajectoryTracker",
    "execute",
    "plan_demonstration",
    "plan_gripper",
]

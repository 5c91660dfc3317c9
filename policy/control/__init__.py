"""Plans for a parallel gripper from a hand's trajectory, and a tracker that executes them."""

from .execute import Execution, execute
from .planning import GripperPlan, plan_demonstration, plan_gripper
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

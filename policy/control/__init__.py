"""Plans for a parallel gripper from a hand's trajectory, and a tracker that executes them."""

from ..retargeting.interaction import InteractionType
from .execute import Execution, execute
from .plan import GripperPlan
from .planning import plan_demonstration, plan_gripper
from .tracker import ActionScale, TrajectoryTracker

__all__ = [
    "ActionScale",
    "Execution",
    "GripperPlan",
    "InteractionType",
    "TrajectoryTracker",
    "execute",
    "plan_demonstration",
    "plan_gripper",
]

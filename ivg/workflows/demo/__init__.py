"""One demonstration from a scene and a sentence: generated, followed by the robot, written to a folder."""

from .appearance import SKIN_TONES, choose_appearance
from .context import ContextFrame
from .execution import RobotRun, RobotScene
from .make import default_folder, make_demonstration
from .report import EXECUTION, FILES, STAGES
from .result import DemoResult

__all__ = [
    "EXECUTION",
    "FILES",
    "SKIN_TONES",
    "STAGES",
    "ContextFrame",
    "DemoResult",
    "RobotRun",
    "RobotScene",
    "choose_appearance",
    "default_folder",
    "make_demonstration",
]

"""One demonstration from a scene and a sentence: generated, followed by the robot, written to a folder."""

from .context import SKIN_TONES, ContextFrame, choose_appearance
from .execution import RobotRun, RobotScene
from .make import default_folder, make_demonstration
from .result import EXECUTION, FILES, STAGES, DemoResult

__all__ = ["EXECUTION", "FILES", "SKIN_TONES", "STAGES", "ContextFrame", "DemoResult", "RobotRun", "RobotScene"]
__all__ += ["choose_appearance", "default_folder", "make_demonstration"]

"""Looking at a dataset: robot episodes or demonstrations, as a web page of one file or as a recording for rerun."""

from .dataset import KINDS, ViewedDataset
from .episode import RobotTrack, ViewedEpisode
from .page import Attempts, PageSettings, write_page
from .recording import record_episodes, rerun_module

__all__ = [
    "KINDS",
    "Attempts",
    "PageSettings",
    "RobotTrack",
    "ViewedDataset",
    "ViewedEpisode",
    "record_episodes",
    "rerun_module",
    "write_page",
]

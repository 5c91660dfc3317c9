"""Datasets of robot episodes in the formats of other projects, there and back.

=============  ==========================================  ===================================================
format         what it is                                  who reads it
=============  ==========================================  ===================================================
``lerobot``    a folder, codebase version 3.0              LeRobot
``robomimic``  an HDF5 file                                robomimic
``minari``     a folder of Minari's layout, by id          Minari
``zarr``       a folder or a zip file, ours as it is       diffusion_policy's ReplayBuffer
=============  ==========================================  ===================================================

Everything is read and written episode by episode, and is there whole or not at all. LeRobot's and robomimic's datasets
are read too.
"""

from .environment import EnvironmentNote, environment_of
from .feature_map import Feature, FeatureMap, Part, load_feature_map
from .foreign import ImportOptions
from .lerobot.reader import lerobot_episodes
from .lerobot.writer import IMAGES, export_lerobot
from .minari_writer import export_minari
from .replay_buffer import check_replay_buffer, export_replay_buffer
from .robomimic.reader import robomimic_episodes
from .robomimic.writer import export_robomimic

__all__ = [
    "IMAGES",
    "EnvironmentNote",
    "Feature",
    "FeatureMap",
    "ImportOptions",
    "Part",
    "check_replay_buffer",
    "environment_of",
    "export_lerobot",
    "export_minari",
    "export_replay_buffer",
    "export_robomimic",
    "lerobot_episodes",
    "load_feature_map",
    "robomimic_episodes",
]

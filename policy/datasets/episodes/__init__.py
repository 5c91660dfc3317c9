"""Robot episodes without teleoperation: a robot that follows demonstrations, and datasets of what succeeded.

========================  =========  ===================  ==============================================================
array                     dtype      shape                content
========================  =========  ===================  ==============================================================
``data/image``            uint8      (n, h, w, 3)         what the robot saw, RGB
``data/proprio``          float32    (n, 16)              proprioception
``data/action``           float32    (n, 7)               what it did then, in [-1, 1]
``data/phase``            float32    (n,)                 where in the demonstration the step belongs, in [0, 1]
``data/plan_phase``       float32    (n,)                 where on the way of ``demo_plan`` the step led to, in [0, 1]
``data/demo_keypoints``   float32    (n, 2, 21, 2)        hand joints of the demonstration's frame nearest to the phase
``data/demo_path``        float32    (n, 8)               gripper path of that frame: m, quaternion wxyz, opening
``meta/episode_ends``     int64      (e,)                 where each episode ends (exclusive), uncompressed
``meta/demo_keypoints``   float32    (e, t, 2, 21, 2)     the whole demonstration's joints, 0 where absent
``meta/demo_present``     float32    (e, t, 2)            1 where the hand is there
``meta/demo_path``        float32    (e, t, 8)            its gripper path
``meta/demo_plan``        float32    (e, 32, 8)           the same of a robot's gripper in the hand's place
``meta/demo_clip``        uint8      (e, t, h, w, 3)      its frames, RGB
``meta/seed``             int64      (e,)                 of scene and demonstration
``meta/success``          uint8      (e,)                 what the environment's predicate said
``meta/fps``              float64    (e,)                 steps a second
``meta/demo_fps``         float64    (e,)                 frames a second of the demonstration
``meta/task``             uint8      (bytes,)             names of tasks (UTF-8), one after the other
``meta/text``             uint8      (bytes,)             what was asked for
``meta/provenance``       uint8      (bytes,)             JSON
``meta/*_ends``           int64      (e,)                 where each episode's part of the bytes ends (exclusive)
========================  =========  ===================  ==============================================================

`n` steps in `e` episodes, `t` frames a demonstration; the layout is that of `ivg.policy.datasets.store`.
"""

from .attempt import REASONS, Attempt, attempt_episode
from .episode import RobotEpisode
from .store import EpisodeStore, append_episodes, is_episode_dataset, write_episodes
from .windows import EpisodeWindows, Range

__all__ = [
    "REASONS",
    "Attempt",
    "EpisodeStore",
    "EpisodeWindows",
    "Range",
    "RobotEpisode",
    "append_episodes",
    "attempt_episode",
    "is_episode_dataset",
    "write_episodes",
]

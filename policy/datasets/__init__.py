"""Datasets: demonstrations and robot episodes on disk, windows to train on, checks, exports and viewers.

`Demonstration` and `RobotEpisode` are the records; `DemonstrationStore` and `EpisodeStore` read datasets of them,
`write_...` and `append_...` write them (zarr format 2, the layout of diffusion_policy's ReplayBuffer), `EpisodeWindows`
gives samples to train policies on. `check_dataset` looks for damage, `export_dataset` and `import_dataset` exchange
episodes with LeRobot, robomimic, Minari and diffusion_policy, `view_dataset` writes a web page or a rerun recording.

Example:
    >>> from ivg.policy.datasets import EpisodeStore, export_dataset, view_dataset
    >>> with EpisodeStore("kitchen.zarr") as store:
    ...     print(len(store), store[0].action.shape)
    >>> export_dataset("kitchen.zarr", "lerobot", "kitchen_lerobot", images="png")
    >>> view_dataset("kitchen.zarr", out="kitchen.html")
"""

from .attempts import AttemptOutcome, acceptance
from .checking import check_dataset, open_dataset
from .demonstrations import (
    Demonstration,
    DemonstrationStore,
    append_demonstrations,
    is_demonstration_dataset,
    write_demonstrations,
)
from .episode import DEMONSTRATION_KEYS, PLAN_POINTS, RobotEpisode, no_demonstration
from .episodes import EpisodeStore, append_episodes, is_episode_dataset, write_episodes
from .exports import export_dataset, import_dataset
from .viewing.view import view_dataset
from .windows import EpisodeWindows

__all__ = [
    "DEMONSTRATION_KEYS",
    "PLAN_POINTS",
    "AttemptOutcome",
    "Demonstration",
    "DemonstrationStore",
    "EpisodeStore",
    "EpisodeWindows",
    "RobotEpisode",
    "acceptance",
    "append_demonstrations",
    "append_episodes",
    "check_dataset",
    "export_dataset",
    "import_dataset",
    "is_demonstration_dataset",
    "is_episode_dataset",
    "no_demonstration",
    "open_dataset",
    "view_dataset",
    "write_demonstrations",
    "write_episodes",
]

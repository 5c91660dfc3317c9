"""Exporting a dataset of robot episodes: one function for all formats."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ivg.errors import InputError, StoreError, unknown_option

from ..episode import RobotEpisode
from ..episodes import EpisodeStore
from .steps import environment_of

# formats that can be written, and the options of each that the others do not have
EXPORT_FORMATS = {"lerobot": ("images", "camera", "robot"), "robomimic": ("valid",), "minari": ("id",), "zarr": ()}
_WRITERS = {
    "lerobot": (".lerobot.writer", "export_lerobot"),
    "robomimic": (".robomimic", "export_robomimic"),
    "minari": (".minari", "export_minari"),
    "zarr": (".replay_buffer", "export_replay_buffer"),
}

Progress = Callable[[int, int], None]


@dataclass
class Conversion:
    """Result of `export_dataset` or `import_dataset`: what was written, and counts of episodes."""

    path: Path  # the folder or file that was written
    format: str  # the format that was written or read
    episodes: int = 0  # number of episodes
    steps: int = 0  # their steps
    succeeded: int = 0  # episodes that succeeded
    demonstrations: int = 0  # episodes with a demonstration
    tasks: Counter[str] = field(default_factory=Counter)  # number of episodes by task

    def counted(
        self, episodes: Iterator[RobotEpisode], total: int = 0, progress: Progress | None = None
    ) -> Iterator[RobotEpisode]:
        """Pass episodes on, count them and report the progress."""
        for episode in episodes:
            self.episodes += 1
            self.steps += len(episode)
            self.succeeded += int(episode.success)
            self.demonstrations += bool(episode.demo_present.any())
            self.tasks[episode.task] += 1
            if progress is not None:
                progress(self.episodes, total)
            yield episode
            del episode  # so that the caller alone holds it

    @property
    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        counts = {"episodes": self.episodes, "steps": self.steps, "success": self.succeeded}
        counts["demonstrations"] = self.demonstrations
        return {"path": str(self.path), "format": self.format, **counts, "tasks": dict(self.tasks)}

    @property
    def report(self) -> str:
        """The counts in words."""
        files = [file for file in [self.path, *self.path.rglob("*")] if file.is_file()]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        total = (
            f"{self.episodes} episodes, {self.steps} steps, {self.succeeded} that succeeded, "
            f"{self.demonstrations} with a demonstration, {megabytes:.1f} MB in {self.path} ({self.format})"
        )
        return "\n".join([total, *(f"  {task:<40}{count:>6}" for task, count in sorted(self.tasks.items()))])


def export_dataset(
    dataset: str | Path,
    format: str,  # noqa: A002
    out: str | Path,
    *,
    tasks: Sequence[str] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Conversion:
    """Write a dataset of robot episodes in another project's format; it is written whole or not at all.

    Args:
        dataset: A folder `*.zarr` or a file `*.zarr.zip`.
        format: One of `EXPORT_FORMATS`.
        out: A folder (lerobot), a file (robomimic), the folder of all datasets (minari), `*.zarr[.zip]` (zarr).
        tasks: Only episodes of these tasks; all if empty.
        overwrite: Replace an existing export.
        progress: Progress callback, called with the number of read episodes and of all.
        **options: Of one format, None for its default. lerobot: `images` ("video" or "png"), `camera` (its name) and
            `robot` (the robot_type). robomimic: `valid` (fraction of episodes in mask/valid). minari: `id`
            (namespace/env/name-v0; by default after environment and dataset); Minari can recreate the environment if
            gymnasium knows it (``import ivg.envs`` first).

    Raises:
        InputError: If an option or task is unknown, a package is missing, the output exists (and is not to be
            overwritten), or the episodes do not fit the format.
        StoreError: If there is no such dataset, or it holds no such episode.
    """
    if format not in EXPORT_FORMATS:
        raise unknown_option("format", format, EXPORT_FORMATS)
    given = {name: value for name, value in options.items() if value is not None}
    for option in given:
        owner = next((name for name, own in EXPORT_FORMATS.items() if option in own), None)
        if owner != format:
            raise InputError(f"{option} goes with the format {owner}, not with {format}")
    module, function = _WRITERS[format]
    result = Conversion(Path(out), format)
    with EpisodeStore(dataset) as store:
        chosen = store.episodes_of(tasks) if tasks else list(range(len(store)))
        if not chosen:
            raise StoreError(f"'{store.path}' holds no episode")
        if format == "minari":
            first = store[chosen[0]]
            given = {"dataset_id": given.get("id") or _minari_id(store.path, first), "env_spec": _env_spec(first)}
        if format == "zarr" and len(chosen) == len(store):
            given["attributes"] = store.attributes
        episodes = result.counted((store[index] for index in chosen), len(chosen), progress)
        write = getattr(import_module(module, __package__), function)  # imports the packages of this format only
        result.path = write(out, episodes, overwrite=overwrite, **given)
    return result


def _minari_id(path: Path, first: RobotEpisode) -> str:
    """Return an id for Minari after the environment's and the dataset's name."""
    environment = re.sub(r"-v\d+$", "", environment_of(first)[0].split("/")[-1])
    parts = [environment.lower(), path.name.removesuffix(".zip").removesuffix(".zarr")]
    return "/".join(["ivg", *(re.sub(r"[^-\w]", "_", part) for part in parts)]) + "-v0"


def _env_spec(first: RobotEpisode) -> str | None:
    """Return gymnasium's specification of the environment as JSON, None if it is not registered."""
    import gymnasium

    name, arguments = environment_of(first)
    if name not in gymnasium.registry:
        return None
    spec = copy.deepcopy(gymnasium.spec(name))
    spec.kwargs.update(arguments)
    return spec.to_json()

"""Datasets of robot episodes to and from other projects' formats: one function each for all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ivg.errors import InputError, StoreError, unknown_option
from ivg.types import CLIP_FRAMES

from ..episode import RobotEpisode
from ..episodes import ROBOT_EPISODES, EpisodeStore
from ..store.archive import is_zip
from ..store.writing import write_dataset
from .feature_map import load_feature_map

# formats that can be written, and the options of each that the others do not have
EXPORT_FORMATS = {"lerobot": ("images", "camera", "robot"), "robomimic": ("valid",), "minari": ("id",), "zarr": ()}
IMPORT_FORMATS = ("lerobot", "robomimic")  # that can be read
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
        held = {"demonstrations": self.demonstrations, "tasks": dict(self.tasks)}
        return {"path": str(self.path), "format": self.format, **counts, **held}

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
        progress: Called with the number of read episodes and of all.
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
            from .minari import env_spec_of, new_id

            first = store[chosen[0]]
            given = {"dataset_id": given.get("id") or new_id(store.path, first), "env_spec": env_spec_of(first)}
        if format == "zarr" and len(chosen) == len(store):
            given["attributes"] = store.attributes
        episodes = result.counted((store[index] for index in chosen), len(chosen), progress)
        write = getattr(import_module(module, __package__), function)  # imports the packages of this format only
        result.path = write(out, episodes, overwrite=overwrite, **given)
    return result


def import_dataset(
    source: str | Path,
    format: str,  # noqa: A002
    out: str | Path,
    *,
    size: tuple[int, int] | None = None,
    camera: str | None = None,
    text: str | None = None,
    feature_map: str | Path | None = None,
    append: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Conversion:
    """Read a dataset of another project as a dataset of robot episodes; on failure `out` is as it was.

    Our own exports come back as they were; foreign episodes have no demonstration (zeros).

    Args:
        source: LeRobot's folder, or robomimic's HDF5 file.
        format: One of `IMPORT_FORMATS`.
        out: A folder `*.zarr` or a file `*.zarr.zip`; with `append` a dataset to add to.
        size: Height and width of the images; as they are if None (with `append`: the dataset's).
        camera: Which camera, if there are several.
        text: Instruction, in place of the dataset's.
        feature_map: YAML file that says where position, rotation, opening, joints and action are.
        append: Whether to add to `out`.
        overwrite: Whether to replace an existing dataset.
        progress: Called with the number of imported episodes and 0, as their total is unknown.

    Raises:
        InputError: If a part is not found or outside its range, an argument does not fit, or `out` exists.
        StoreError: If there is no such dataset, or it cannot be read.
    """
    from .foreign import ImportOptions
    from .lerobot.reader import lerobot_episodes
    from .robomimic import robomimic_episodes

    if format not in IMPORT_FORMATS:
        raise unknown_option("format", format, IMPORT_FORMATS)
    out, frames = Path(out), CLIP_FRAMES
    is_zip(out)
    if append and out.exists():
        with EpisodeStore(out) as store:
            height, width = store.per_step("image").shape[1:3]
            frames = store.per_episode("demo_path").shape[1]
        if size is not None and size != (height, width):
            raise InputError(f"'{out}' has images of {height}x{width}, a size of {size[0]}x{size[1]} does not fit")
        size = (height, width)
    options = ImportOptions(size, camera, text, load_feature_map(feature_map) if feature_map else None, frames)
    read = lerobot_episodes if format == "lerobot" else robomimic_episodes
    result = Conversion(out, format)
    write_dataset(
        out, result.counted(read(source, options), 0, progress), ROBOT_EPISODES, append=append, overwrite=overwrite
    )
    return result

"""Datasets of robot episodes in the formats of other projects, there and back."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, StoreError, unknown_option
from ...jobs import Progress
from .report import megabytes_of

if TYPE_CHECKING:
    from ...policy.datasets.episodes import EpisodeStore, RobotEpisode

EXPORT_FORMATS = {"lerobot": ("images", "camera", "robot"), "robomimic": ("valid",), "minari": ("id",), "zarr": ()}
"""Formats that can be written, and the options that go with only one of them."""

IMPORT_FORMATS = ("lerobot", "robomimic")
"""Formats that can be read."""


@dataclass
class Conversion:
    """What was written.

    Attributes:
        path: Where it is.
        format: Of what was written or read.
        episodes: How many.
        steps: Of all of them.
        succeeded: Episodes that succeeded.
        demonstrations: Episodes with a demonstration.
        tasks: Episodes by task.
    """

    path: Path
    format: str
    episodes: int = 0
    steps: int = 0
    succeeded: int = 0
    demonstrations: int = 0
    tasks: Counter[str] = field(default_factory=Counter)

    def count(self, episodes: Iterator[RobotEpisode], total: int, progress: Progress | None) -> Iterator[RobotEpisode]:
        """Pass episodes on and count them."""
        for episode in episodes:
            self.episodes += 1
            self.steps += len(episode)
            self.succeeded += int(episode.success)
            self.demonstrations += bool(episode.demo_present.any())
            self.tasks[episode.task] += 1
            if progress is not None:
                progress(self.episodes, total)
            yield episode

    @property
    def as_json(self) -> dict[str, Any]:
        """The counts."""
        counts = {"episodes": self.episodes, "steps": self.steps, "success": self.succeeded}
        counts["demonstrations"] = self.demonstrations
        return {"path": str(self.path), "format": self.format, **counts, "tasks": dict(self.tasks)}

    @property
    def report(self) -> str:
        """The counts in words."""
        lines = [
            f"{self.episodes} episodes, {self.steps} steps, {self.succeeded} that succeeded, {self.demonstrations} "
            f"with a demonstration, {megabytes_of(self.path):.1f} MB in {self.path} ({self.format})"
        ]
        return "\n".join([*lines, *(f"  {task:<40}{count:>6}" for task, count in sorted(self.tasks.items()))])


def export_dataset(
    dataset: Path,
    format: str,  # noqa: A002  named as in other libraries
    out: Path,
    *,
    tasks: Sequence[str] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Conversion:
    """Write a dataset of robot episodes in the format of another project.

    Args:
        dataset: NAME.zarr or NAME.zarr.zip.
        format: A key of `EXPORT_FORMATS`.
        out: A folder (lerobot), a file NAME.hdf5 (robomimic), the folder of all datasets (minari), NAME.zarr[.zip].
        tasks: Only episodes of these tasks; of all if empty.
        overwrite: Replace what stands there.
        progress: Progress callback.
        options: Of the format, see `EXPORT_FORMATS` and `ivg.policy.datasets.exports`; None is an option not given.

    Raises:
        IvgError: There is no such dataset, or it cannot be written; nothing is left then.
    """
    from ...policy.datasets import exports
    from ...policy.datasets.episodes import EpisodeStore

    given = {name: value for name, value in options.items() if value is not None}
    _check_options(format, given)
    result = Conversion(out, format)
    with EpisodeStore(dataset) as store:
        chosen = _chosen(store, tasks)
        episodes = result.count((store[index] for index in chosen), len(chosen), progress)
        if format == "lerobot":
            result.path = exports.export_lerobot(out, episodes, **given, overwrite=overwrite)
        elif format == "robomimic":
            result.path = exports.export_robomimic(out, episodes, **given, overwrite=overwrite)
        elif format == "minari":
            first = store[chosen[0]]
            name, spec = given.get("id") or _minari_id(store.path, first), _env_spec(first)
            result.path = exports.export_minari(out, episodes, name, env_spec=spec, overwrite=overwrite)
        else:
            attributes = store.attributes if len(chosen) == len(store) else None
            result.path = exports.export_replay_buffer(out, episodes, attributes=attributes, overwrite=overwrite)
    return result


def _check_options(format: str, given: dict[str, Any]) -> None:  # noqa: A002
    if format not in EXPORT_FORMATS:
        raise unknown_option("format", format, EXPORT_FORMATS)
    for option in given:
        own = next((name for name, names in EXPORT_FORMATS.items() if option in names), None)
        if own != format:
            raise InputError(f"{option} goes with the format {own}, not with {format}")


def _chosen(store: EpisodeStore, tasks: Sequence[str]) -> list[int]:
    """Return the indices of the episodes of these tasks, of all if none are named."""
    for task in tasks:
        if task not in store.tasks:
            raise unknown_option("task", task, sorted(set(store.tasks)))
    chosen = [index for index, task in enumerate(store.tasks) if not tasks or task in tasks]
    if not chosen:
        raise StoreError(f"'{store.path}' holds no episode")
    return chosen


def _minari_id(path: Path, first: RobotEpisode) -> str:
    """Return an id for Minari after the environment's and the dataset's name."""
    from ...policy.datasets.exports import environment_of

    name = re.sub(r"-v\d+$", "", environment_of(first).id.split("/")[-1])
    parts = [name.lower(), path.name.removesuffix(".zip").removesuffix(".zarr")]
    return "/".join(["ivg", *(re.sub(r"[^-\w]", "_", part) for part in parts)]) + "-v0"


def _env_spec(first: RobotEpisode) -> str | None:
    """Return gymnasium's description of the environment as JSON, None if it does not know it."""
    import gymnasium

    from ... import envs
    from ...policy.datasets.exports import environment_of

    note = environment_of(first)
    gymnasium.register_envs(envs)
    if note.id not in gymnasium.registry:
        return None
    spec = copy.deepcopy(gymnasium.spec(note.id))
    spec.kwargs.update(note.arguments)
    return spec.to_json()


def import_dataset(
    path: Path,
    format: str,  # noqa: A002
    out: Path,
    *,
    size: tuple[int, int] | None = None,
    camera: str | None = None,
    text: str | None = None,
    feature_map: Path | None = None,
    append: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Conversion:
    """Read a dataset of LeRobot (v3.0) or robomimic into a dataset of robot episodes.

    Args:
        path: LeRobot's folder, or robomimic's HDF5 file.
        format: One of `IMPORT_FORMATS`.
        out: NAME.zarr or NAME.zarr.zip.
        size: Height and width of the images, px; as they are, or with `append` the dataset's, if None.
        camera: Which images, if there are several cameras.
        text: What was asked for; what the dataset says if None.
        feature_map: YAML that says which numbers are position, rotation, opening, joints and action.
        append: Add to the dataset that stands at `out`.
        overwrite: Replace it.
        progress: Progress callback; the total is not known, and given as 0.

    Raises:
        IvgError: The dataset cannot be read or mapped; what stands at `out` is as it was then.
    """
    from ...policy.datasets import exports
    from ...policy.datasets.episodes import append_episodes, write_episodes

    readers = {"lerobot": exports.lerobot_episodes, "robomimic": exports.robomimic_episodes}
    if format not in readers:
        raise unknown_option("format", format, IMPORT_FORMATS)
    size, frames = _fitting(out, size, append)
    mapped = exports.load_feature_map(feature_map) if feature_map else None
    result = Conversion(out, format)
    options = exports.ImportOptions(size, camera, text, mapped, frames)
    episodes = result.count(readers[format](path, options), 0, progress)
    if append:
        append_episodes(out, episodes)
    else:
        write_episodes(out, episodes, overwrite=overwrite)
    return result


def _fitting(out: Path, size: tuple[int, int] | None, append: bool) -> tuple[tuple[int, int] | None, int]:
    """Return the images' size and the demonstrations' frames of what is written."""
    from ...policy.datasets.episodes import EpisodeStore
    from ...policy.datasets.store.archive import is_zip
    from ...types import CLIP_FRAMES

    is_zip(out)
    if not append or not out.exists():
        return size, CLIP_FRAMES
    with EpisodeStore(out) as store:
        height, width = store.per_step("image").shape[1:3]
        frames = store.per_episode("demo_path").shape[1]
    if size not in (None, (height, width)):
        raise InputError(f"'{out}' has images of {height}x{width}, a size of {size[0]}x{size[1]} does not fit")  # type: ignore[index]
    return (height, width), frames

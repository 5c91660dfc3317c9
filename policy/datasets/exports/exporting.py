"""Exporting a dataset of robot episodes: one function for all formats."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ivg.errors import InputError, StoreError, unknown_option

from ..episode import RobotEpisode
from ..episodes import EpisodeStore
from .conversion import Conversion
from .steps import environment_of

EXPORT_FORMATS = {"lerobot": ("images", "camera", "robot"), "robomimic": ("valid",), "minari": ("id",), "zarr": ()}
"""Formats that can be written, and the options of each that the others do not have."""


def export_dataset(
    dataset: str | Path,
    format: str,  # noqa: A002
    out: str | Path,
    *,
    tasks: Sequence[str] = (),
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
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
        result.path = _writer(format)(out, episodes, overwrite=overwrite, **given)
    return result


def _writer(name: str) -> Callable[..., Path]:
    """Return the function that writes a format; the packages that it needs are imported only then."""
    module, function = {
        "lerobot": (".lerobot.writer", "export_lerobot"),
        "robomimic": (".robomimic_writer", "export_robomimic"),
        "minari": (".minari", "export_minari"),
        "zarr": (".replay_buffer", "export_replay_buffer"),
    }[name]
    return getattr(import_module(module, __package__), function)  # type: ignore[no-any-return]


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

"""``ivg-dataset export``: a dataset of robot episodes in the format of another project."""

from __future__ import annotations

import argparse
import copy
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, StoreError, unknown_option
from ..shared.command import add_json_option, write_json

if TYPE_CHECKING:
    from ...policy.datasets.episodes import EpisodeStore, RobotEpisode

FORMATS = {"lerobot": ("images", "camera", "robot"), "robomimic": ("valid",), "minari": ("id",), "zarr": ()}
"""Formats, and the options that go with only one of them."""


def add_export(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "write a dataset of robot episodes in the format of another project"
    export = actions.add_parser("export", help=help_text, description=help_text)
    export.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    export.add_argument("--format", choices=FORMATS, required=True, help="who is to read it")
    out_help = "a folder (lerobot), a file NAME.hdf5 (robomimic), the folder of all datasets (minari), NAME.zarr[.zip]"
    export.add_argument("--out", type=Path, required=True, metavar="PATH", help=out_help)
    export.add_argument("--tasks", default="", metavar="A,B", help="only episodes of these tasks (default: all)")
    images_help = "lerobot: H.264, or PNG in the tables, which loses nothing (default: video)"
    export.add_argument("--images", choices=["video", "png"], help=images_help)
    camera_help = "lerobot: pictures are observation.images.NAME (default: front)"
    export.add_argument("--camera", metavar="NAME", help=camera_help)
    export.add_argument("--robot", metavar="NAME", help="lerobot: the robot_type (default: panda)")
    valid_help = "robomimic: share of the episodes in mask/valid (default: 0.1)"
    export.add_argument("--valid", type=float, metavar="SHARE", help=valid_help)
    id_help = "minari: the dataset's id (default: ivg/ENVIRONMENT/NAME-v0)"
    export.add_argument("--id", metavar="NAMESPACE/ENV/NAME-v0", help=id_help)
    export.add_argument("--overwrite", action="store_true", help="replace what stands there")
    add_json_option(export)
    export.set_defaults(action=run_export)


def run_export(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If there is no such dataset, or it cannot be written; nothing is left then.
    """
    from ...policy.datasets.episodes import EpisodeStore

    _check_options(options)
    began = time.perf_counter()
    with EpisodeStore(options.dataset) as store:
        chosen = _chosen(store, [name for name in options.tasks.split(",") if name])
        path = _write(store, chosen, options)
        steps = int((store.episode_ends - store.episode_starts)[chosen].sum())
    megabytes = sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file()) / 1e6
    seconds = time.perf_counter() - began
    print(f"{len(chosen)} episodes, {steps} steps, {megabytes:.1f} MB in {path} ({options.format}), {seconds:.0f} s")
    write_json({"format": options.format, "path": str(path), "episodes": len(chosen), "steps": steps}, options.json)


def _check_options(options: argparse.Namespace) -> None:
    for name, own in FORMATS.items():
        given = [option for option in own if getattr(options, option) is not None]
        if given and name != options.format:
            raise InputError(f"--{given[0]} goes with --format {name}, not with {options.format}")


def _chosen(store: EpisodeStore, tasks: list[str]) -> list[int]:
    """Return the places of the episodes of these tasks, of all if none are named."""
    for task in tasks:
        if task not in store.tasks:
            raise unknown_option("task", task, sorted(set(store.tasks)))
    chosen = [place for place, task in enumerate(store.tasks) if not tasks or task in tasks]
    if not chosen:
        raise StoreError(f"'{store.path}' holds no episode")
    return chosen


def _write(store: EpisodeStore, chosen: list[int], options: argparse.Namespace) -> Path:
    from ...policy.datasets import exports

    episodes, overwrite = _read(store, chosen), options.overwrite
    given = {name: getattr(options, name) for name in FORMATS[options.format] if getattr(options, name) is not None}
    if options.format == "lerobot":
        return exports.export_lerobot(options.out, episodes, **given, overwrite=overwrite)
    if options.format == "robomimic":
        return exports.export_robomimic(options.out, episodes, **given, overwrite=overwrite)
    if options.format == "minari":
        first = store[chosen[0]]
        name = options.id or _id(store.path, first)
        return exports.export_minari(options.out, episodes, name, env_spec=_env_spec(first), overwrite=overwrite)
    attributes = store.attributes if len(chosen) == len(store) else None
    return exports.export_replay_buffer(options.out, episodes, attributes=attributes, overwrite=overwrite)


def _read(store: EpisodeStore, chosen: list[int]) -> Iterator[RobotEpisode]:
    from tqdm import tqdm

    return (store[place] for place in tqdm(chosen, unit="episode", desc=store.path.name))


def _id(path: Path, first: RobotEpisode) -> str:
    """Return an id for Minari after the environment's and the dataset's name."""
    from ...policy.datasets.exports import environment_of

    environment = re.sub(r"-v\d+$", "", environment_of(first).id.split("/")[-1])
    parts = [environment.lower(), path.name.removesuffix(".zip").removesuffix(".zarr")]
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

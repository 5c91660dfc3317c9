"""``ivg-dataset import``: a dataset of LeRobot or robomimic as a dataset of robot episodes."""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ..shared.command import add_json_option, write_json

if TYPE_CHECKING:
    from ...policy.datasets.episodes import RobotEpisode
    from ...policy.datasets.exports import ImportOptions


def add_import(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "read a dataset of LeRobot (v3.0) or robomimic, to train on it beside generated episodes"
    reader = actions.add_parser("import", help=help_text, description=help_text)
    reader.add_argument("path", type=Path, metavar="PATH", help="LeRobot's folder, or robomimic's HDF5 file")
    reader.add_argument("--format", choices=["lerobot", "robomimic"], required=True, help="what it is")
    reader.add_argument("--out", type=Path, required=True, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    size_help = "height and width of the pictures, px (default: as they are; with --append: the dataset's)"
    reader.add_argument("--size", metavar="N|HxW", help=size_help)
    camera_help = "which pictures, if there are several cameras (robomimic: agentview_image)"
    reader.add_argument("--camera", metavar="NAME", help=camera_help)
    text_help = "what was asked for (default: LeRobot's tasks; the words of robomimic's env_name)"
    reader.add_argument("--text", metavar="SENTENCE", help=text_help)
    map_help = "YAML that says which numbers are position, rotation, opening, joints and action"
    reader.add_argument("--map", type=Path, metavar="FILE", help=map_help)
    there = reader.add_mutually_exclusive_group()
    there.add_argument("--append", action="store_true", help="add to the dataset that stands at --out")
    there.add_argument("--overwrite", action="store_true", help="replace what stands there")
    add_json_option(reader)
    reader.set_defaults(action=run_import)


def run_import(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the dataset cannot be read or mapped; what stands at ``--out`` is as it was then.
    """
    from ...policy.datasets import exports
    from ...policy.datasets.episodes import append_episodes, write_episodes

    how = _import_options(options)
    read = {"lerobot": exports.lerobot_episodes, "robomimic": exports.robomimic_episodes}[options.format]
    count: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    began = time.perf_counter()
    episodes = _counted(read(options.path, how), count, tasks)
    if options.append:
        append_episodes(options.out, episodes)
    else:
        write_episodes(options.out, episodes, overwrite=options.overwrite)
    seconds = time.perf_counter() - began
    print(
        f"{count['episodes']} episodes, {count['steps']} steps, {count['success']} that succeeded, "
        f"{count['demonstrations']} with a demonstration, in {options.out}, {seconds:.0f} s"
    )
    for task, episodes_of in sorted(tasks.items()):
        print(f"  {task:<40}{episodes_of:>6}")
    write_json({"path": str(options.out), **count, "tasks": dict(tasks)}, options.json)


def _import_options(options: argparse.Namespace) -> ImportOptions:
    from ...policy.datasets.episodes import EpisodeStore
    from ...policy.datasets.exports import ImportOptions, load_feature_map
    from ...policy.datasets.store.archive import is_zip
    from ...types import CLIP_FRAMES

    is_zip(options.out)
    size, frames = _size(options.size), CLIP_FRAMES
    if options.append and options.out.exists():
        with EpisodeStore(options.out) as store:
            height, width = store.per_step("image").shape[1:3]
            frames = store.per_episode("demo_path").shape[1]
        if size not in (None, (height, width)):
            raise InputError(f"'{options.out}' has pictures of {height}x{width}, --size {options.size} does not fit")
        size = (height, width)
    feature_map = load_feature_map(options.map) if options.map else None
    return ImportOptions(size, options.camera, options.text, feature_map, frames)


def _size(value: str | None) -> tuple[int, int] | None:
    """Read ``128`` or ``96x128``."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", value)
    height, width = (int(side) for side in (found[1], found[2] or found[1])) if found else (0, 0)
    if not height or not width:
        raise InputError(f"--size must be N or HEIGHTxWIDTH, both from 1 to 99999, got {value[:40]!r}")
    return height, width


def _counted(episodes: Iterator[RobotEpisode], count: Counter[str], tasks: Counter[str]) -> Iterator[RobotEpisode]:
    """Pass episodes on and count them."""
    from tqdm import tqdm

    for episode in tqdm(episodes, unit="episode"):
        count.update(episodes=1, steps=len(episode), success=int(episode.success))
        count["demonstrations"] += bool(episode.demo_present.any())
        tasks[episode.task] += 1
        yield episode

"""``ivg-dataset import``: a dataset of LeRobot or robomimic as a dataset of robot episodes."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..shared.command import add_action, show, values_of
from ..shared.options import add_options, add_values
from ..shared.progress import progress_bar

_VALUES = {
    "size": (str, "N|HxW", "height and width of the images, px (default: as they are; with --append: the dataset's)"),
    "camera": (str, "NAME", "which camera, if there are several (robomimic: agentview_image)"),
    "text": (str, "SENTENCE", "the instruction (default: LeRobot's tasks; the words of robomimic's env_name)"),
    "map": (Path, "FILE", "YAML that says which numbers are position, rotation, opening, joints and action"),
}


def add_import(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "read a dataset of LeRobot (v3.0) or robomimic, to train on it beside generated episodes"
    reader = add_action(actions, "import", help_text, run_import)
    reader.add_argument("path", type=Path, metavar="PATH", help="LeRobot's folder, or robomimic's HDF5 file")
    reader.add_argument("--format", choices=["lerobot", "robomimic"], required=True, help="what it is")
    add_values(reader, _VALUES)
    existing = reader.add_mutually_exclusive_group()
    existing.add_argument("--append", action="store_true", help="add to the dataset that stands at --out")
    add_options(existing, "overwrite")
    add_options(reader, "json", out={"metavar": "DATASET", "help": "NAME.zarr or NAME.zarr.zip"})


def run_import(options: argparse.Namespace) -> None:
    """Import a dataset."""
    from ...policy.datasets import import_dataset

    given = values_of(options, "camera", "text", "append", "overwrite")
    given |= {"size": _size(options.size), "feature_map": options.map}
    with progress_bar(options.path.name, "episode") as progress:
        result = import_dataset(options.path, options.format, options.out, progress=progress, **given)
    show(result, options)


def _size(value: str | None) -> tuple[int, int] | None:
    """Read ``128`` or ``96x128``."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", value)
    height, width = (int(side) for side in (found[1], found[2] or found[1])) if found else (0, 0)
    if not height or not width:
        raise InputError(f"--size must be N or HEIGHTxWIDTH, both from 1 to 99999, got {value[:40]!r}")
    return height, width

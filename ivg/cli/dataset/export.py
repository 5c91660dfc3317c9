"""``ivg-dataset export``: a dataset of robot episodes in the format of another project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..shared.command import add_action, show, values_of
from ..shared.options import add_options, add_values
from ..shared.progress import progress_bar

_VALUES = {
    "images": (("video", "png"), None, "lerobot: H.264, or PNG in the tables, which loses nothing (default: video)"),
    "camera": (str, "NAME", "lerobot: images are observation.images.NAME (default: front)"),
    "robot": (str, "NAME", "lerobot: the robot_type (default: panda)"),
    "valid": (float, "FRACTION", "robomimic: fraction of the episodes in mask/valid (default: 0.1)"),
    "id": (str, "NAMESPACE/ENV/NAME-v0", "minari: the dataset's id (default: ivg/ENVIRONMENT/NAME-v0)"),
}


def add_export(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "write a dataset of robot episodes in the format of another project"
    export = add_action(actions, "export", help_text, run_export)
    export.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    formats = ("lerobot", "robomimic", "minari", "zarr")
    export.add_argument("--format", choices=formats, required=True, help="the project that is to read it")
    add_values(export, _VALUES)
    out_help = "a folder (lerobot), a file NAME.hdf5 (robomimic), the folder of all datasets (minari), NAME.zarr[.zip]"
    add_options(export, "overwrite", "json", out={"metavar": "PATH", "help": out_help})
    add_options(export, tasks={"help": "only episodes of these tasks (default: all)"})


def run_export(options: argparse.Namespace) -> None:
    """Export a dataset."""
    from ... import envs  # noqa: F401  # registers the environments that Minari's metadata describe
    from ...policy.datasets import export_dataset

    given = values_of(options, *_VALUES, "tasks", "overwrite")
    with progress_bar(options.dataset.name, "episode") as progress:
        result = export_dataset(options.dataset, options.format, options.out, progress=progress, **given)
    show(result, options)

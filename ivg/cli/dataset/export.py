"""``ivg-dataset export``: a dataset of robot episodes in the format of another project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...jobs import progress_bar
from ..shared.command import add_action, write_json
from ..shared.options import add_options


def add_export(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "write a dataset of robot episodes in the format of another project"
    export = add_action(actions, "export", help_text, run_export)
    export.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    formats = ("lerobot", "robomimic", "minari", "zarr")
    export.add_argument("--format", choices=formats, required=True, help="the project that is to read it")
    images_help = "lerobot: H.264, or PNG in the tables, which loses nothing (default: video)"
    export.add_argument("--images", choices=["video", "png"], help=images_help)
    camera_help = "lerobot: images are observation.images.NAME (default: front)"
    export.add_argument("--camera", metavar="NAME", help=camera_help)
    export.add_argument("--robot", metavar="NAME", help="lerobot: the robot_type (default: panda)")
    valid_help = "robomimic: fraction of the episodes in mask/valid (default: 0.1)"
    export.add_argument("--valid", type=float, metavar="FRACTION", help=valid_help)
    id_help = "minari: the dataset's id (default: ivg/ENVIRONMENT/NAME-v0)"
    export.add_argument("--id", metavar="NAMESPACE/ENV/NAME-v0", help=id_help)
    out_help = "a folder (lerobot), a file NAME.hdf5 (robomimic), the folder of all datasets (minari), NAME.zarr[.zip]"
    add_options(export, "overwrite", "json")
    add_options(export, out={"metavar": "PATH", "help": out_help})
    add_options(export, tasks={"help": "only episodes of these tasks (default: all)"})


def run_export(options: argparse.Namespace) -> None:
    """Export a dataset."""
    from ... import envs  # noqa: F401  # registers the environments that Minari's metadata describe
    from ...policy.datasets import export_dataset

    own = {name: getattr(options, name) for name in ("images", "camera", "robot", "valid", "id")}
    with progress_bar(options.dataset.name, "episode") as progress:
        result = export_dataset(
            options.dataset,
            options.format,
            options.out,
            tasks=options.tasks,
            overwrite=options.overwrite,
            progress=progress,
            **own,
        )
    print(result.report)
    write_json(result.as_json, options.json)

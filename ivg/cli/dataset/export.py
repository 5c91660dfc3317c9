"""``ivg-dataset export``: a dataset of robot episodes in the format of another project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..shared.command import add_json_option, write_json
from ..shared.progress import episode_bar


def add_export(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "write a dataset of robot episodes in the format of another project"
    export = actions.add_parser("export", help=help_text, description=help_text)
    export.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    export.add_argument(
        "--format",
        choices=["lerobot", "robomimic", "minari", "zarr"],
        required=True,
        help="the project that is to read it",
    )
    out_help = "a folder (lerobot), a file NAME.hdf5 (robomimic), the folder of all datasets (minari), NAME.zarr[.zip]"
    export.add_argument("--out", type=Path, required=True, metavar="PATH", help=out_help)
    export.add_argument("--tasks", default="", metavar="A,B", help="only episodes of these tasks (default: all)")
    images_help = "lerobot: H.264, or PNG in the tables, which loses nothing (default: video)"
    export.add_argument("--images", choices=["video", "png"], help=images_help)
    camera_help = "lerobot: images are observation.images.NAME (default: front)"
    export.add_argument("--camera", metavar="NAME", help=camera_help)
    export.add_argument("--robot", metavar="NAME", help="lerobot: the robot_type (default: panda)")
    valid_help = "robomimic: fraction of the episodes in mask/valid (default: 0.1)"
    export.add_argument("--valid", type=float, metavar="FRACTION", help=valid_help)
    id_help = "minari: the dataset's id (default: ivg/ENVIRONMENT/NAME-v0)"
    export.add_argument("--id", metavar="NAMESPACE/ENV/NAME-v0", help=id_help)
    export.add_argument("--overwrite", action="store_true", help="replace an existing export")
    add_json_option(export)
    export.set_defaults(action=run_export)


def run_export(options: argparse.Namespace) -> None:
    """Run the action.

    Raises:
        IvgError: If there is no such dataset, or it cannot be written; nothing is left then.
    """
    from ... import envs  # noqa: F401  # registers the environments that Minari's metadata describe
    from ...policy.datasets import export_dataset

    names = ("images", "camera", "robot", "valid", "id", "overwrite")
    tasks = [name for name in options.tasks.split(",") if name]
    given = {name: getattr(options, name) for name in names}
    with episode_bar(options.dataset.name) as progress:
        result = export_dataset(options.dataset, options.format, options.out, tasks=tasks, progress=progress, **given)
    print(result.report)
    write_json(result.as_json, options.json)

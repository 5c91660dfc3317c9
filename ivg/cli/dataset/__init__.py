"""``ivg-dataset``: render clips, annotate video, generate robot episodes, look at what is in a store or dataset."""

from __future__ import annotations

from collections.abc import Sequence

from ..shared.command import new_parser, run_command
from .annotate import add_annotate
from .check import add_check
from .export import add_export
from .generate import add_generate
from .import_ import add_import
from .info import add_grid, add_info
from .render import add_render
from .rewrite import add_rewrite

EXAMPLES = """\
  ivg-dataset render --env kitchen --clips 900 --out out/train   # the same command goes on after a stop
  ivg-dataset info out/train --json out/train.json
  ivg-dataset grid out/train --out out/train.png --joints
  ivg-dataset annotate my_video.mp4 --out out/annotated
  ivg-dataset annotate --folder my_videos --out out/clips   # a store to train on; also --epic, --ego4d, --captions
  ivg-dataset generate --env kitchen --episodes 100 --out out/kitchen.zarr   # robot episodes for policies
  ivg-dataset export out/kitchen.zarr --format lerobot --out out/lerobot   # also robomimic, minari, zarr
  ivg-dataset import my_robot --format lerobot --out out/kitchen.zarr --append   # beside the generated ones
  ivg-dataset check out/kitchen.zarr   # is every episode what was written?
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    parser = new_parser("ivg-dataset", "Make and inspect clip stores and datasets of robot episodes.", EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    makers = add_render, add_annotate, add_rewrite, add_generate, add_export, add_import, add_info, add_check, add_grid
    for add in makers:
        add(actions)
    options = parser.parse_args(arguments)
    return run_command("ivg-dataset", lambda: options.action(options))

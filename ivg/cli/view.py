"""``ivg-view``: look at a dataset of robot episodes or demonstrations, on a web page of one file or in rerun."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..io.checks import check_positive
from .shared.command import add_json_option, new_parser, run_command, write_json

EXAMPLES = """\
  ivg-view out/kitchen.zarr --out out/kitchen.html                 # opens in any browser, without a network
  ivg-view out/kitchen.zarr --out out/pot.html --tasks stir_pot,carrot_to_pot --episodes all
  ivg-view out/kitchen.zarr --rerun --save out/kitchen.rrd --episodes 5   # pip install 'ivg[rerun]'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    options = new_view_parser().parse_args(arguments)
    return run_command("ivg-view", lambda: _view(options))


def new_view_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = new_parser("ivg-view", "Look at a dataset of robot episodes or demonstrations.", EXAMPLES)
    add = parser.add_argument
    add("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    add("--out", type=Path, metavar="PAGE.html", help="default: NAME.html beside the dataset; none with --rerun")
    episodes_help = "how many to show, those of all tasks in turn, or 'all' (default: %(default)s)"
    add("--episodes", type=_number_or_all, default=100, metavar="N", help=episodes_help)
    add("--tasks", default="", metavar="A,B", help="names of tasks (default: all)")
    images_help = "maximum number of the robot's images per episode, evenly spaced (default: %(default)s)"
    add("--images", type=int, default=24, metavar="N", help=images_help)
    size_help = "maximum height and width of an image, px (default: %(default)s)"
    add("--size", type=int, default=256, metavar="PX", help=size_help)
    add("--quality", type=int, default=70, metavar="Q", help="of images, 1 to 100 (default: %(default)s)")
    add("--overwrite", action="store_true", help="replace existing files")
    add("--rerun", action="store_true", help="show it in the viewer rerun (pip install 'ivg[rerun]')")
    add("--save", type=Path, metavar="FILE.rrd", help="with --rerun: write a recording, open no viewer")
    add_json_option(parser)
    return parser


def _number_or_all(text: str) -> int | None:
    return None if text == "all" else int(text)


_number_or_all.__name__ = "number (or 'all')"  # as argparse's messages call it


def _view(options: argparse.Namespace) -> None:
    from ..policy.datasets import view_dataset

    check_positive(images=options.images, size=options.size, episodes=options.episodes)
    given = {name: value for name, value in vars(options).items() if name not in ("dataset", "tasks", "json")}
    result = view_dataset(options.dataset, tasks=[name for name in options.tasks.split(",") if name], **given)
    print(result.report)
    write_json(result.as_json, options.json)

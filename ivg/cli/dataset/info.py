"""``ivg-dataset info`` and ``grid``: what is in a clip store or dataset."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..shared.command import add_action, show
from ..shared.options import add_options


def add_info(actions: Any) -> None:
    """Add ``info`` to the parser of ``ivg-dataset``."""
    info = add_action(actions, "info", "print what a store of clips or a dataset of robot episodes holds", run_info)
    info_help = "clips: how good is their annotation; or a dataset of robot episodes or of demonstrations"
    info.add_argument("store", type=Path, metavar="STORE", help=info_help)
    add_options(info, "json")


def add_grid(actions: Any) -> None:
    """Add ``grid`` to the parser of ``ivg-dataset``."""
    help_text = "draw an image grid of a store of clips, a row a task, or of a dataset of robot episodes"
    grid = add_action(actions, "grid", help_text, run_grid)
    grid.add_argument("store", type=Path, metavar="STORE")
    grid.add_argument("--out", type=Path, metavar="FILE", help="default: STORE/grid.png, of episodes NAME.png")
    grid.add_argument("--joints", action="store_true", help="draw the annotated joints over the frames")
    grid.add_argument("--skip", type=int, default=0, metavar="N", help="show the Nth next one of every task")


def run_info(options: argparse.Namespace) -> None:
    """Print what a store or dataset holds."""
    from ...workflows.describe import dataset_report

    show(dataset_report(options.store), options)


def run_grid(options: argparse.Namespace) -> None:
    """Draw the image grid."""
    from ...workflows.describe import draw_grid

    print(f"image grid: {draw_grid(options.store, options.out, joints=options.joints, skip=options.skip)}")

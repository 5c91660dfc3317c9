"""``ivg-dataset render``: clips of the human demonstrator in the kitchen."""

from __future__ import annotations

import argparse
import time
from typing import Any

from ..shared.command import add_action, show, values_of
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options
from ..shared.progress import progress_bar


def add_render(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "render the human demonstrator at work in a kitchen, annotate the clips, write a store"
    render = add_action(actions, "render", help_text, run_render)
    render.add_argument("--clips", type=int, required=True, metavar="N", help="number of clips")
    render.add_argument("--seed-offset", type=int, default=0, help="clip k has seed OFFSET + k (default: 0)")
    foreign_help = "fraction of clips that show their task in a scene laid out for another (default: %(default)s)"
    render.add_argument("--foreign", type=float, default=0.6, metavar="FRACTION", help=foreign_help)
    render.add_argument("--no-annotate", action="store_true", help="leave MediaPipe out")
    add_options(render, "env", "size", "tasks", "json", out={"metavar": "STORE", "help": "folder of the store"})
    add_options(render, grid={"help": "image grid (default: STORE/grid.png)"})
    add_launcher_options(render)


def run_render(options: argparse.Namespace) -> None:
    """Render what the command line asks for."""
    from ...workflows.clips.render import render_clips
    from ...workflows.describe import clips_report, draw_grid

    began, given = time.perf_counter(), values_of(options, "clips", "size", "seed_offset", "tasks", "foreign")
    given |= {"annotate": not options.no_annotate, "launcher": launcher_from(options)}
    with progress_bar(options.out.name, "clip") as progress:
        store = render_clips(options.out, progress=progress, **given)
    print(f"{options.clips} clips in {options.out}, {time.perf_counter() - began:.0f} s")
    show(clips_report(store), options)
    print(f"image grid: {draw_grid(options.out, options.grid)}")

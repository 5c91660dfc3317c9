"""``ivg-ablate``: the paper's ablation, trained with equal data and steps, as one table and one plot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..io.page_table import insert_table
from .shared.command import new_parser, run_command, write_json
from .shared.launcher_options import add_launcher_options, launcher_from
from .shared.options import add_options
from .shared.page_table import add_table_option
from .shared.stage_bars import StageBars

EXAMPLES = """\
  ivg-ablate --store clips --out out/ablation --steps 1000
  ivg-ablate --store clips --out out/ablation --steps 1000 --table docs/ablation.md --plot docs/images/ablation.png
  ivg-ablate --store clips --out out/quick --steps 50 --rows 4,5 --scenes 9 --seeds 1
"""
ABOUT = (
    "Train stage 2 with every mask and loss of the paper's ablation, from the same weights, on the same clips, "
    "with the same steps; generate clips in held-out kitchens with several sampling seeds; write the table. "
    "Trainings that are done are kept, one that was stopped goes on."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code (2 after a message about a wrong request)."""
    options = new_ablate_parser().parse_args(arguments)
    return run_command("ivg-ablate", lambda: _ablate(options))


def new_ablate_parser() -> argparse.ArgumentParser:
    """Returns the command's parser."""
    parser = new_parser("ivg-ablate", ABOUT, EXAMPLES)
    add, default = parser.add_argument, "(default: %(default)s)"
    add("--store", type=Path, required=True, help="training clips, as ivg-dataset writes them")
    add("--out", type=Path, required=True, metavar="FOLDER", help="trainings and pipelines")
    add("--start", default="nano", metavar="WEIGHTS", help=f"pipeline to go on from {default}")
    add("--steps", type=int, required=True, metavar="N", help="optimiser steps of every training")
    add("--batch-size", type=int, default=4, help=f"samples a step {default}")
    add("--rows", default="1,2,3,4,5", metavar="A,B", help=f"rows of the table {default}")
    add("--scenes", type=int, default=36, metavar="N", help=f"held-out scenes {default}")
    add("--seeds", type=int, default=3, metavar="N", help=f"sampling seeds {default}")
    add("--sampling-steps", type=int, default=10, help=f"denoising steps {default}")
    add("--cache", type=Path, default=Path("out/eval"), help=f"held-out clips {default}")
    add("--threads", type=int, default=0, help="threads of the training (default: torch's choice)")
    add_launcher_options(parser)
    add_options(parser, "device", "json")
    add_table_option(parser, "ablation")
    add("--plot", type=Path, metavar="FILE", help="write the plot")
    return parser


def _ablate(options: argparse.Namespace) -> None:
    from ..evaluation import ablate

    names = ("start", "steps", "batch_size", "scenes", "seeds", "sampling_steps", "cache", "threads", "device")
    values = {name: getattr(options, name) for name in names}
    rows = [number.strip() for number in options.rows.split(",") if number.strip()]
    with StageBars() as bars:
        result = ablate(
            options.store, options.out, rows=rows, launcher=launcher_from(options), on_progress=bars, **values
        )
    print(result.table)
    write_json(result.figures, options.json)
    if options.table is not None:
        insert_table(result.table, options.table, "ablation")
    if options.plot is not None:
        result.save_plot(options.plot)

"""``ivg-ablate``: the paper's ablation, trained with equal data and steps, as one table and one plot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..io.page_table import insert_table
from .shared.command import run_command, write_json
from .shared.evaluation_options import ABLATE_OPTIONS, new_ablate_parser
from .shared.launcher_options import launcher_from
from .shared.progress import StageBars


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    options = new_ablate_parser().parse_args(arguments)
    return run_command("ivg-ablate", lambda: _ablate(options))


def _ablate(options: argparse.Namespace) -> None:
    from ..evaluation import ablate

    names = [name.replace("-", "_") for name, *_ in ABLATE_OPTIONS if name != "rows"]
    values = {name: getattr(options, name) for name in (*names, "steps", "device")}
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

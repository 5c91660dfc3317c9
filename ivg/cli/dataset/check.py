"""``ivg-dataset check``: is every episode still what was written?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ..shared.command import add_action, write_json
from ..shared.options import add_options
from ..shared.progress import progress_bar


def add_check(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "read every episode of a dataset and compare it with its checksums; exit code 2 if one is broken"
    check = add_action(actions, "check", help_text, run_check)
    check.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    add_options(check, "json")


def run_check(options: argparse.Namespace) -> None:
    """Check a dataset; an error says what is broken."""
    from ...policy.datasets import check_dataset

    with progress_bar(options.dataset.name, "episode") as progress:
        result = check_dataset(options.dataset, progress=progress)
    write_json(result.as_json, options.json)
    if result.findings:
        raise StoreError(result.report)
    print(result.report)

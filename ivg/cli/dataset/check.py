"""``ivg-dataset check``: is every episode still what was written?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ..shared.command import add_json_option, write_json
from ..shared.progress import episode_bar


def add_check(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "read every episode of a dataset and compare it with its checksums; exit code 2 if one is broken"
    check = actions.add_parser("check", help=help_text, description=help_text)
    check.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    add_json_option(check)
    check.set_defaults(action=run_check)


def run_check(options: argparse.Namespace) -> None:
    """Run the action.

    Raises:
        StoreError: If the dataset cannot be opened, or something in it is broken.
    """
    from ...policy.datasets import check_dataset

    with episode_bar(options.dataset.name) as progress:
        result = check_dataset(options.dataset, progress=progress)
    write_json(result.as_json, options.json)
    if result.findings:
        raise StoreError(result.report)
    print(result.report)

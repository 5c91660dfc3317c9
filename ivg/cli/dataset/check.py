"""``ivg-dataset check``: is every episode still what was written?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ..shared.command import add_json_option, write_json

if TYPE_CHECKING:
    from ...policy.datasets.store.reading import Dataset

SHOWN = 20
"""Damages that are printed; a JSON file has all."""


def add_check(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "read every episode of a dataset and compare it with its checksums; exit code 2 if one is broken"
    check = actions.add_parser("check", help=help_text, description=help_text)
    check.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    add_json_option(check)
    check.set_defaults(action=run_check)


def run_check(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        StoreError: If the dataset cannot be opened, or something in it is broken.
    """
    from tqdm import tqdm

    from ...policy.datasets.store.checking import check_episodes

    with open_any(options.dataset) as dataset:
        count, noun = len(dataset), dataset.layout.noun
        found = list(tqdm(check_episodes(dataset), total=count, unit="episode", desc=options.dataset.name))
        lines = [str(damage) for damages in found for damage in damages]
        lines = lines or _disagreement(options.dataset, dataset)  # which reads what may be among the broken
    broken = sum(bool(damages) for damages in found)
    report = {"dataset": str(options.dataset), "episodes": count, "broken": broken, "damages": lines}
    write_json(report, options.json)
    if lines:
        more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        told = "\n  ".join([*lines[:SHOWN], *more])
        raise StoreError(f"'{options.dataset}': {broken} of {count} {noun}s are broken\n  {told}")
    print(f"{options.dataset}: {count} {noun}s, all as they were written")


def open_any(path: Path) -> Dataset[Any]:
    """Open a dataset of robot episodes or of demonstrations.

    Raises:
        StoreError: If it is neither, or incomplete.
    """
    from ...policy.datasets.episodes import EpisodeStore
    from ...policy.datasets.store import DemonstrationStore, is_demonstration_dataset

    return DemonstrationStore(path) if is_demonstration_dataset(path) else EpisodeStore(path)


def _disagreement(path: Path, dataset: Dataset[Any]) -> list[str]:
    """Tell whether the attempts that a dataset remembers are those of its episodes."""
    from ...workflows.generate_pool import KEPT, RECORD, read_outcomes

    if RECORD not in dataset.attributes:
        return []
    kept = [(outcome.task, outcome.seed) for outcome in read_outcomes(path) if outcome.outcome == KEPT]
    held = list(zip(dataset.all_texts("task"), dataset.per_episode("seed").tolist(), strict=True))
    return [] if kept == held else [f"its attempts tell of {len(kept)} kept episodes, which are not its {len(held)}"]

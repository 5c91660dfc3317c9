"""``ivg-view``: look at a dataset of robot episodes or demonstrations, on a web page of one file or in rerun."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..io.checks import check_positive
from .shared.command import add_json_option, new_parser, run_command, write_json

if TYPE_CHECKING:
    from ..policy.datasets.viewing import Attempts, ViewedDataset

EXAMPLES = """\
  ivg-view out/kitchen.zarr --out out/kitchen.html                 # opens in any browser, without a network
  ivg-view out/kitchen.zarr --out out/all.html --episodes all
  ivg-view out/kitchen.zarr --out out/pot.html --tasks stir_pot,carrot_to_pot
  ivg-view out/demo/demo.zarr --out out/demo.html
  ivg-view out/kitchen.zarr --rerun --save out/kitchen.rrd --episodes 5   # pip install 'ivg[rerun]'
"""

EPISODES = 100
"""Episodes shown unless asked otherwise: some 9 MB of 128 px."""

MEANINGS = {
    "no_hand": "no hand is found in at least four frames of the clip",
    "no_contact": "the robot did what the hand did, and the task is not done; the hand never closes",
    "not_done": "the robot did what the hand did, and the task is not done: the hand closes in the wrong place or at "
    "the wrong time, or the robot loses the object",
    "crashed": "an error ended the attempt, or its process died",
}
"""What the reasons of refused attempts mean."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code (2 after a message about a wrong request)."""
    options = new_view_parser().parse_args(arguments)
    return run_command("ivg-view", lambda: _view(options))


def new_view_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = new_parser("ivg-view", "Look at a dataset of robot episodes or demonstrations.", EXAMPLES)
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="NAME.zarr or NAME.zarr.zip")
    out_help = "the page (default: NAME.html beside the dataset; none with --rerun)"
    parser.add_argument("--out", type=Path, metavar="PAGE.html", help=out_help)
    episodes_help = "how many to show, those of all tasks in turn, or 'all' (default: %(default)s)"
    parser.add_argument("--episodes", type=_number_or_all, default=EPISODES, metavar="N", help=episodes_help)
    parser.add_argument("--tasks", default="", metavar="A,B", help="names of tasks (default: all)")
    pictures_help = "pictures of the robot an episode at most, evenly spaced (default: %(default)s)"
    parser.add_argument("--pictures", type=int, default=24, metavar="N", help=pictures_help)
    size_help = "height and width of a picture at most, px (default: %(default)s)"
    parser.add_argument("--size", type=int, default=256, metavar="PX", help=size_help)
    parser.add_argument("--quality", type=int, default=70, metavar="Q", help="of pictures, 1 to 100 (default: 70)")
    parser.add_argument("--overwrite", action="store_true", help="replace what stands there")
    parser.add_argument("--rerun", action="store_true", help="show it in the viewer rerun (pip install 'ivg[rerun]')")
    parser.add_argument("--save", type=Path, metavar="FILE.rrd", help="with --rerun: write a recording, open no viewer")
    add_json_option(parser)
    return parser


def _number_or_all(text: str) -> int | None:
    return None if text == "all" else int(text)


_number_or_all.__name__ = "number (or 'all')"  # as argparse's messages call it


def _view(options: argparse.Namespace) -> None:
    from ..policy.datasets.viewing import ViewedDataset

    _check(options)
    with ViewedDataset(options.dataset) as dataset:
        tasks = [name for name in options.tasks.split(",") if name]
        places = dataset.choose(options.episodes, tasks)
        available = len(dataset.choose(None, tasks))
        figures: dict[str, Any] = {"dataset": str(options.dataset), "kind": dataset.kind, "episodes": len(dataset)}
        figures["shown"] = len(places)
        if options.rerun:
            figures |= _record(dataset, places, options)
        if options.out or not options.rerun:
            figures |= _write(dataset, places, tasks, options)
        if len(places) < available:
            print(f"  shown are {len(places)} of {available} episodes; more: --episodes N, or --episodes all")
    write_json(figures, options.json)


def _check(options: argparse.Namespace) -> None:
    """Refuse at once what would only fail after the work."""
    check_positive(pictures=options.pictures, size=options.size)
    if options.episodes is not None:
        check_positive(episodes=options.episodes)
    if options.save and not options.rerun:
        raise InputError("--save writes a recording for rerun: give --rerun, too")
    for name, path, ending in (("out", options.out, ".html"), ("save", options.save, ".rrd")):
        if path and path.suffix != ending:
            raise InputError(f"--{name} must end with {ending}, got '{path}'")


def _write(dataset: ViewedDataset, places: list[int], tasks: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Writes the page, says how large it is, and returns its figures."""
    from ..policy.datasets.viewing import PageSettings, write_page

    attempts = _attempts(dataset, tasks)
    target = options.out or options.dataset.with_name(
        f"{options.dataset.name.removesuffix('.zip').removesuffix('.zarr')}.html"
    )
    settings = PageSettings(options.pictures, options.size, options.quality)
    write_page(target, dataset, places, attempts=attempts, settings=settings, overwrite=options.overwrite)
    megabytes = target.stat().st_size / 1e6
    refused = f", {len(attempts.refused)} refused attempts" if attempts.refused else ""
    print(f"{target}: {len(places)} of {len(dataset)} {dataset.kind}{refused}, {megabytes:.1f} MB")
    return {"page": str(target), "refused": len(attempts.refused), "megabytes": megabytes}


def _record(dataset: ViewedDataset, places: list[int], options: argparse.Namespace) -> dict[str, Any]:
    """Writes or shows the recording, and returns its figures."""
    from ..policy.datasets.viewing import record_episodes

    record_episodes(dataset, places, options.save, overwrite=options.overwrite)
    if not options.save:
        print(f"{len(places)} of {len(dataset)} {dataset.kind} are shown in rerun")
        return {}
    megabytes = options.save.stat().st_size / 1e6
    print(f"{options.save}: {len(places)} of {len(dataset)} {dataset.kind}, {megabytes:.1f} MB")
    return {"recording": str(options.save), "recording_megabytes": megabytes}


def _attempts(dataset: ViewedDataset, tasks: list[str]) -> Attempts:
    """Returns what became of the attempts behind a dataset, of all tasks or of some."""
    from ..policy.datasets.viewing import KINDS, Attempts
    from ..workflows.episodes.generate import KEPT, RECORD, read_outcomes
    from ..workflows.episodes.report import acceptance

    outcomes = read_outcomes(dataset.path) if dataset.kind == KINDS[0] else []
    outcomes = [outcome for outcome in outcomes if not tasks or outcome.task in tasks]
    refused = [asdict(outcome) for outcome in outcomes if outcome.outcome != KEPT]
    for row in refused:
        row["reason"] = row.pop("outcome")
    settings = dataset.attributes.get(RECORD, {}).get("settings", {})
    return Attempts(acceptance(outcomes), refused, MEANINGS, settings)


if __name__ == "__main__":
    raise SystemExit(main())

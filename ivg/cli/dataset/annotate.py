"""``ivg-dataset annotate``: video files one by one, or whole datasets of real video into a clip store."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..shared.command import add_action, values_of
from ..shared.launcher_options import LAUNCHERS, add_launcher_options
from ..shared.options import add_options, add_values
from .annotation import FILTER, SOURCES, annotate_files, annotate_source

_FILES = {
    "start": (float, "S", "start of the action, seconds (default: 0)"),
    "end": (float, "S", "its end (default: of the video)"),
}
_DATASETS = {
    "epic": (Path, "CSV", "EPIC-KITCHENS-100, such as EPIC_100_train.csv"),
    "ego4d": (Path, "JSON", "Ego4D: fho_main, fho_lta_* or narration .json"),
    "captions": (Path, "JSON", 'a list of {"caption": ..., "video": ...}'),
    "folder": (Path, "FOLDER", "videos; sentences from NAME.txt or file names"),
    "root": (Path, "FOLDER", "where the videos are (default: the annotation's folder)"),
}
_STORE = {
    "size": (int, "PX", "height and width of the clips (default: 128)"),
    **FILTER,
    "limit": (int, "N", "take no more than the first N segments"),
}


def add_annotate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "find hands and region of motion in videos; turn datasets of real video into a store to train on"
    annotate = add_action(actions, "annotate", help_text, run_annotate)
    annotate.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="any file that FFmpeg reads")
    annotate.add_argument("--frames", type=int, default=16, help="evenly sampled frames (default: %(default)s)")
    add_options(annotate, "json", out={"help": "NAME.npz and NAME.png, or a store"})
    add_values(annotate.add_argument_group("video files (each gives NAME.npz and NAME.png)"), _FILES)
    add_values(annotate.add_argument_group("datasets (one of these; gives a clip store)"), _DATASETS)
    group = annotate.add_argument_group("of a store")
    add_values(group, _STORE)
    group.add_argument("--retry", action="store_true", help="try again what an earlier run skipped")
    add_launcher_options(group, workers=None)


def run_annotate(options: argparse.Namespace) -> None:
    """Annotate files or a dataset; an error lists the files that were skipped."""
    named = [source for source in SOURCES if getattr(options, source) is not None]
    if len(named) + bool(options.videos) != 1:
        raise InputError(f"give either video files or exactly one of {', '.join(f'--{name}' for name in SOURCES)}")
    stores = ("root", "retry", *_STORE, "workers", "launcher", "ray_address", "gpus_per_worker")
    for name, value in values_of(options, *(_FILES if named else stores)).items():
        if value is not None and value is not False and value != LAUNCHERS[0]:
            kind = f"--{named[0]}" if named else "video files"
            raise InputError(f"--{name.replace('_', '-')} does not go with {kind}")
    (annotate_source if named else annotate_files)(options)

"""``ivg-dataset annotate``: video files one by one, or whole datasets of real video into a clip store."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...jobs import progress_bar
from ..shared.command import add_action, write_json
from ..shared.launcher_options import LAUNCHERS, add_launcher_options, launcher_from
from ..shared.options import add_options

SOURCES = ("epic", "ego4d", "captions", "folder")
FILTER = ("min_sharpness", "min_motion", "min_frames", "min_hand_frames")
_ONLY_FILES, _ONLY_STORES = ("start", "end"), ("root", "size", "limit", "retry", *FILTER)
_LAUNCHER = ("workers", "launcher", "ray_address", "gpus_per_worker")


def add_annotate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "find hands and region of motion in videos; turn datasets of real video into a store to train on"
    annotate = add_action(actions, "annotate", help_text, run_annotate)
    annotate.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="any file that FFmpeg reads")
    annotate.add_argument("--frames", type=int, default=16, help="evenly sampled frames (default: %(default)s)")
    add_options(annotate, "json", out={"help": "NAME.npz and NAME.png, or a store"})
    _add(annotate.add_argument_group("video files (each gives NAME.npz and NAME.png)"), _FILE_OPTIONS)
    _add(annotate.add_argument_group("datasets (one of these; gives a clip store)"), _SOURCE_OPTIONS)
    group = annotate.add_argument_group("of a store")
    _add(group, _STORE_OPTIONS)
    group.add_argument("--retry", action="store_true", help="try again what an earlier run skipped")
    add_launcher_options(group, workers=None)


_FILE_OPTIONS = {
    "start": (float, "S", "start of the action, seconds (default: 0)"),
    "end": (float, "S", "its end (default: of the video)"),
}
_SOURCE_OPTIONS = {
    "epic": (Path, "CSV", "EPIC-KITCHENS-100, such as EPIC_100_train.csv"),
    "ego4d": (Path, "JSON", "Ego4D: fho_main, fho_lta_* or narration .json"),
    "captions": (Path, "JSON", 'a list of {"caption": ..., "video": ...}'),
    "folder": (Path, "FOLDER", "videos; sentences from NAME.txt or file names"),
    "root": (Path, "FOLDER", "where the videos are (default: the annotation's folder)"),
}
_STORE_OPTIONS = {
    "size": (int, "PX", "height and width of the clips (default: 128)"),
    "min-sharpness": (float, "X", "least median variance of the Laplacian at 256 px (default: 10; 0 takes all)"),
    "min-motion": (float, "X", "least fraction of the image that changes (default: 0.005; 0 takes all)"),
    "min-frames": (int, "N", "least number of different frames (default: 8)"),
    "min-hand-frames": (int, "N", "least number of frames with a hand (default: 1; 0 takes all)"),
    "limit": (int, "N", "take no more than the first N segments"),
}


def _add(group: Any, options: Mapping[str, tuple[type, str, str]]) -> None:
    for name, (kind, metavar, help_text) in options.items():
        group.add_argument(f"--{name}", type=kind, metavar=metavar, help=help_text)


def run_annotate(options: argparse.Namespace) -> None:
    """Annotate files or a dataset; an error lists the files that were skipped."""
    named = [source for source in SOURCES if getattr(options, source) is not None]
    if len(named) + bool(options.videos) != 1:
        choices = ", ".join(f"--{source}" for source in SOURCES)
        raise InputError(f"give either video files or exactly one of {choices}")
    kind, unused = (f"--{named[0]}", _ONLY_FILES) if named else ("video files", (*_ONLY_STORES, *_LAUNCHER))
    for name in unused:
        value = getattr(options, name)
        if value is not None and value is not False and value != LAUNCHERS[0]:
            raise InputError(f"--{name.replace('_', '-')} does not go with {kind}")
    if named:
        _annotate_dataset(options, named[0])
    else:
        _annotate_videos(options)


def _annotate_videos(options: argparse.Namespace) -> None:
    from ...workflows.clips.annotate_videos import annotate_videos

    start = options.start or 0.0
    result = annotate_videos(options.videos, options.out, frames=options.frames, start_s=start, end_s=options.end)
    if result.report:
        print(result.report)
        write_json(result.as_json, options.json)
    if result.skipped:
        raise InputError(result.refusals)


def _annotate_dataset(options: argparse.Namespace, source: str) -> None:
    from ...data.clip_filter import ClipFilter
    from ...io.checks import check_can_be_folder, check_positive
    from ...workflows.clips.annotate_dataset import annotate_dataset, read_dataset
    from ...workflows.describe import draw_grid

    check_positive(size=options.size, limit=options.limit, frames=options.frames)
    check_can_be_folder(options.out)
    launcher = launcher_from(options)
    keep = ClipFilter(**{name: getattr(options, name) for name in FILTER if getattr(options, name) is not None})
    reading, root = read_dataset(source, getattr(options, source), options.root)
    print(f"{getattr(options, source)}: {len(reading.segments)} segments, {len(reading.skipped)} rows skipped")
    if options.limit is not None:
        del reading.segments[options.limit :]
    began = time.perf_counter()
    with progress_bar(options.out.name, "clip") as progress:
        result = annotate_dataset(
            options.out,
            reading,
            root,
            size=128 if options.size is None else options.size,
            frames=options.frames,
            keep=keep,
            retry=options.retry,
            launcher=launcher,
            progress=progress,
        )
    seconds = time.perf_counter() - began
    print(result.report, f"{seconds:.0f} s", sep="\n")
    write_json({"store": str(options.out), **result.as_json, "seconds": seconds}, options.json)
    print(f"image grid: {draw_grid(options.out, joints=True)}")

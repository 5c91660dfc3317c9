"""``ivg-dataset annotate``: video files one by one, or whole datasets of real video into a clip store."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, IvgError
from ..shared.command import add_json_option, check_can_be_folder, check_positive, write_json
from ..shared.launcher_options import LAUNCHERS, add_launcher_options, launcher_arguments

if TYPE_CHECKING:
    from ...data.readers import Reading
    from ...workflows.annotate_pool import AnnotationResult

SOURCES = ("epic", "ego4d", "captions", "folder")
"""Options that name a dataset; each makes a clip store."""

_SINGLE = {"start": 0.0, "end": None}
_STORE: dict[str, Any] = {
    **dict.fromkeys(
        ("root", "size", "workers", "min_sharpness", "min_motion", "min_frames", "min_hand_frames", "limit")
    ),
    **dict.fromkeys(("ray_address", "gpus_per_worker")),
    "retry": False,
    "launcher": LAUNCHERS[0],
}


def add_annotate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "find hands and region of motion in videos; turn datasets of real video into a store to train on"
    annotate = actions.add_parser("annotate", help=help_text, description=help_text)
    annotate.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="any file that FFmpeg reads")
    annotate.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="NAME.npz and NAME.png, or a store")
    annotate.add_argument("--frames", type=int, default=16, help="evenly sampled frames (default: %(default)s)")
    add_json_option(annotate)
    _add_single(annotate.add_argument_group("video files (each gives NAME.npz and NAME.png)"))
    _add_sources(annotate.add_argument_group("datasets (one of these; gives a clip store)"))
    _add_store(annotate.add_argument_group("of a store"))
    annotate.set_defaults(action=run_annotate)


def _add_single(group: Any) -> None:
    group.add_argument("--start", type=float, default=0.0, metavar="S", help="start of the action, seconds")
    group.add_argument("--end", type=float, metavar="S", help="its end (default: of the video)")


def _add_sources(group: Any) -> None:
    group.add_argument("--epic", type=Path, metavar="CSV", help="EPIC-KITCHENS-100, such as EPIC_100_train.csv")
    group.add_argument("--ego4d", type=Path, metavar="JSON", help="Ego4D: fho_main, fho_lta_* or narration .json")
    group.add_argument("--captions", type=Path, metavar="JSON", help='a list of {"caption": ..., "video": ...}')
    group.add_argument("--folder", type=Path, metavar="FOLDER", help="videos; sentences from NAME.txt or file names")
    root_help = "where the videos are (default: the annotation's folder)"
    group.add_argument("--root", type=Path, metavar="FOLDER", help=root_help)


def _add_store(group: Any) -> None:
    group.add_argument("--size", type=int, metavar="PX", help="height and width of the clips (default: 128)")
    group.add_argument("--workers", type=int, metavar="N", help="processes (default: 2)")
    sharp_help = "least sharpness: median variance of the Laplacian at 256 px (default: 10; 0 takes all)"
    group.add_argument("--min-sharpness", type=float, metavar="X", help=sharp_help)
    motion_help = "least share of the picture that changes (default: 0.005; 0 takes all)"
    group.add_argument("--min-motion", type=float, metavar="X", help=motion_help)
    group.add_argument("--min-frames", type=int, metavar="N", help="least number of different frames (default: 8)")
    hands_help = "least number of frames with a hand (default: 1; 0 takes all)"
    group.add_argument("--min-hand-frames", type=int, metavar="N", help=hands_help)
    group.add_argument("--limit", type=int, metavar="N", help="take no more than the first N segments")
    group.add_argument("--retry", action="store_true", help="try again what an earlier run skipped")
    add_launcher_options(group)


def run_annotate(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: If options do not go together, or the request cannot be done.
    """
    check_positive(frames=options.frames)
    check_can_be_folder("out", options.out)
    named = [source for source in SOURCES if getattr(options, source) is not None]
    if len(named) + bool(options.videos) != 1:
        choices = ", ".join(f"--{source}" for source in SOURCES)
        raise InputError(f"give either video files or exactly one of {choices}")
    if named:
        _refuse(options, named[0], _SINGLE)
        _annotate_dataset(options, named[0])
    else:
        _refuse(options, "video files", _STORE)
        _annotate_files(options)


def _refuse(options: argparse.Namespace, source: str, unused: dict[str, Any]) -> None:
    """Refuse options that would have no effect."""
    for name, default in unused.items():
        if getattr(options, name) != default:
            given = source if source.startswith("video") else f"--{source}"
            raise InputError(f"--{name.replace('_', '-')} does not go with {given}")


def _annotate_files(options: argparse.Namespace) -> None:
    from ...workflows.annotation_files import write_annotation

    _check_names(options.videos)
    figures, skipped = {}, {}
    for video in options.videos:
        try:
            result = write_annotation(
                video, options.out, frames=options.frames, start_s=options.start, end_s=options.end
            )
        except IvgError as error:
            figures[str(video)], skipped[str(video)] = {"skipped": str(error)}, str(error)
            continue
        figures[str(video)] = result
        print(
            f"{video}: hands in {result['frames_with_hands']} of {result['frames']} frames, region of motion "
            f"{100 * result['region_area']:.0f} % of the picture -> {result['picture']}"
        )
    if len(skipped) < len(figures):
        write_json(figures, options.json)
    if skipped:
        told = "\n  ".join(skipped.values())
        raise InputError(told if len(figures) == 1 else f"{len(skipped)} of {len(figures)} videos skipped\n  {told}")


def _check_names(videos: Sequence[Path]) -> None:
    """Refuse two videos whose files would overwrite each other."""
    named: dict[str, Path] = {}
    for video in videos:
        other = named.setdefault(video.stem, video)
        if other is not video:
            raise InputError(
                f"'{other}' and '{video}' would both become {video.stem}.npz: give each a folder of its own"
            )


def _annotate_dataset(options: argparse.Namespace, source: str) -> None:
    from ...data.clip_filter import ClipFilter
    from ...workflows.annotate_pool import annotate_segments

    given = {name: getattr(options, name) for name in ("size", "workers", "limit")}
    check_positive(**{name: value for name, value in given.items() if value is not None})
    launcher = launcher_arguments(options)
    limits = {name: getattr(options, name) for name in vars(ClipFilter())}
    keep = ClipFilter(**{name: value for name, value in limits.items() if value is not None})
    root = _root(options, source)
    reading = read_source(source, getattr(options, source), root)
    print(f"{getattr(options, source)}: {len(reading.segments)} segments, {len(reading.skipped)} rows skipped")
    if options.limit is not None:
        del reading.segments[options.limit :]
    began = time.perf_counter()
    result = annotate_segments(
        options.out,
        reading,
        root,
        size=options.size or 128,
        frames=options.frames,
        workers=options.workers or 2,
        keep=keep,
        retry=options.retry,
        **launcher,
    )
    _report(options, result, time.perf_counter() - began)


def _root(options: argparse.Namespace, source: str) -> Path:
    """Return the folder of the videos, absolute."""
    if source == "folder":
        if options.root is not None:
            raise InputError("--root does not go with --folder, which is the root")
        return Path(options.folder).absolute()
    return Path(options.root or getattr(options, source).parent).absolute()


def read_source(source: str, annotation: Path, root: Path) -> Reading:
    """Read the segments of a dataset.

    Args:
        source: One of `SOURCES`.
        annotation: Its file or folder.
        root: Where the videos are.

    Raises:
        InputError: If the annotation cannot be read.
    """
    from ...data import readers

    known: dict[str, Callable[[], Reading]] = {
        "epic": lambda: readers.read_epic_kitchens(annotation, root),
        "ego4d": lambda: readers.read_ego4d(annotation, root),
        "captions": lambda: readers.read_caption_list(annotation, root),
        "folder": lambda: readers.read_video_folder(root),
    }
    return known[source]()


def _report(options: argparse.Namespace, result: AnnotationResult, seconds: float) -> None:
    """Print and write what became of the rows; draw the contact sheet."""
    from ...viz.grids import clip_grid
    from ...viz.image_grid import save_image
    from ...workflows.annotate_pool import SKIPPED_FILE, report_of

    figures = report_of(result)
    print(
        f"{figures['clips']} clips in {options.out}, {seconds:.0f} s; "
        f"a hand is found in {figures['frames_with_hands']:.0%} of their frames"
    )
    if result.skipped:
        print(f"skipped: {len(result.skipped)}, listed in {options.out / SKIPPED_FILE}")
    for reason, count in result.reasons.items():
        first = next(row for row in result.skipped if row.reason == reason)
        print(f"  {count:>7}  {reason:<26} such as {first.name}: {first.detail}"[:200])
    write_json({"store": str(options.out), **figures, "seconds": seconds}, options.json)
    sheet = options.out / "sheet.png"
    save_image(clip_grid(result.store, joints=True), sheet)
    print(f"contact sheet: {sheet}")

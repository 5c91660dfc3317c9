"""What ``ivg-dataset annotate`` does with its options."""

from __future__ import annotations

import argparse
import time

from ...errors import InputError
from ..shared.command import values_of, write_json
from ..shared.launcher_options import launcher_from
from ..shared.progress import progress_bar

SOURCES = ("epic", "ego4d", "captions", "folder")
FILTER = {
    "min-sharpness": (float, "X", "least median variance of the Laplacian at 256 px (default: 10; 0 takes all)"),
    "min-motion": (float, "X", "least fraction of the image that changes (default: 0.005; 0 takes all)"),
    "min-frames": (int, "N", "least number of different frames (default: 8)"),
    "min-hand-frames": (int, "N", "least number of frames with a hand (default: 1; 0 takes all)"),
}


def annotate_files(options: argparse.Namespace) -> None:
    """Annotate video files; an error lists those that were skipped."""
    from ...workflows.clips.annotate_videos import annotate_videos

    start = options.start or 0.0
    result = annotate_videos(options.videos, options.out, frames=options.frames, start_s=start, end_s=options.end)
    if result.report:
        print(result.report)
        write_json(result.as_json, options.json)
    if result.skipped:
        raise InputError(result.refusals)


def annotate_source(options: argparse.Namespace) -> None:
    """Annotate a dataset, one of `SOURCES`, into a store."""
    from ...data.clip_filter import ClipFilter
    from ...io.checks import check_can_be_folder, check_positive
    from ...workflows.clips.annotate_dataset import annotate_dataset, read_dataset
    from ...workflows.describe import draw_grid

    check_positive(**values_of(options, "size", "limit", "frames"))
    check_can_be_folder(options.out)
    given = {"launcher": launcher_from(options), **values_of(options, "frames", "retry")}
    given["keep"] = ClipFilter(**{name: x for name, x in values_of(options, *FILTER).items() if x is not None})
    source, annotation = next((name, x) for name, x in values_of(options, *SOURCES).items() if x is not None)
    reading, root = read_dataset(source, annotation, options.root)
    print(f"{annotation}: {len(reading.segments)} segments, {len(reading.skipped)} rows skipped")
    if options.limit is not None:
        del reading.segments[options.limit :]
    began, size = time.perf_counter(), 128 if options.size is None else options.size
    with progress_bar(options.out.name, "clip") as progress:
        result = annotate_dataset(options.out, reading, root, size=size, progress=progress, **given)
    seconds = time.perf_counter() - began
    print(result.report, f"{seconds:.0f} s", sep="\n")
    write_json({"store": str(options.out), **result.as_json, "seconds": seconds}, options.json)
    print(f"image grid: {draw_grid(options.out, joints=True)}")

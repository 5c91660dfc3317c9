"""EPIC-KITCHENS-100: its annotation CSV, and its videos or `rgb_frames` in the layouts that downloads leave.

Columns as in the dataset's own README: `narration_id, participant_id, video_id, start_timestamp, stop_timestamp,
start_frame, stop_frame, narration, verb, noun, ...`; times as ``HH:mm:ss.SS``. Images are numbered from 1, at 60 a
second for videos ``PXX_YY`` (of EPIC-KITCHENS-55) and 50 for ``PXX_1YY``.
"""

import re
from functools import lru_cache
from pathlib import Path

from .files import check_folder, exists, inside, read_table
from .segment import Reading, Segment, first_word, one_line

# Columns without which nothing can be done. Test sets have no `narration`
NEEDED = ("video_id", "start_timestamp", "stop_timestamp", "narration")

# Where a video lies below the root: as EPIC-KITCHENS-100's downloader and EPIC-KITCHENS-55 lay it, or flattened
VIDEO_FILES = (
    *("{person}/videos/{video}", "videos/train/{person}/{video}", "videos/test/{person}/{video}"),
    *("videos/{person}/{video}", "videos/{video}", "{person}/{video}", "{video}"),
)

# Where a video's folder of images lies
IMAGE_FOLDERS = (
    *("{person}/rgb_frames/{video}", "frames_rgb_flow/rgb/train/{person}/{video}"),
    *("frames_rgb_flow/rgb/test/{person}/{video}", "rgb/train/{person}/{video}", "rgb/test/{person}/{video}"),
    *("rgb_frames/{person}/{video}", "rgb_frames/{video}", "{person}/{video}", "{video}"),
)

_MOST_DIGITS = 10


def read_epic_kitchens(annotations: Path, root: Path) -> Reading:
    """Read segments of EPIC-KITCHENS-100 from `EPIC_100_train.csv` or one like it.

    The videos or the `rgb_frames` lie below `root`; a video file is preferred to its images. An `InputError` if the
    file cannot be read or lacks a column, or the folder is none.
    """
    reading = Reading("epic-kitchens")
    check_folder(root)
    locate = lru_cache(maxsize=None)(lambda person, video: _locate(root, person, video))
    for line, row in read_table(annotations, NEEDED):
        video_id = row["video_id"].strip()
        name = row.get("narration_id", "").strip() or f"{video_id}, line {line}"
        start, stop = (parse_timestamp(row[key]) for key in ("start_timestamp", "stop_timestamp"))
        if start is None or stop is None:
            reading.skip(name, "bad time", f"{row['start_timestamp']!r} to {row['stop_timestamp']!r}")
            continue
        person = row.get("participant_id", "").strip() or video_id.split("_")[0]
        path, fault = locate(person, video_id)
        if path is None:
            reading.skip(name, *fault)
            continue
        text = one_line(row["narration"])
        info = {key: row[key] for key in ("participant_id", "video_id", "verb", "noun") if row.get(key)}
        images = path.is_dir()
        reading.add(
            Segment(
                name=name,
                text=text,
                task=one_line(row.get("verb", "")) or first_word(text),
                video=path,
                start_s=start,
                end_s=stop,
                frames=_numbers(row) if images else None,
                image_rate=image_rate(video_id) if images else None,
                info=info,
            )
        )
    return reading


def parse_timestamp(text: str) -> float | None:
    """Return the seconds of ``HH:mm:ss.SSS``, ``mm:ss`` or ``ss.SSS``; None if it is none of these."""
    if not re.fullmatch(r"\s*(\d+:){0,2}\d+(\.\d+)?\s*", text):
        return None
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def image_rate(video_id: str) -> float:
    """Return how many images a second of video the dataset's `rgb_frames` hold."""
    return 50.0 if re.search(r"_\d{3}$", video_id) else 60.0


def _numbers(row: dict[str, str]) -> tuple[int, int] | None:
    numbers = [row.get(key, "").strip() for key in ("start_frame", "stop_frame")]
    if not all(number.isdecimal() and len(number) <= _MOST_DIGITS for number in numbers):
        return None
    first, last = (max(1, int(number)) for number in numbers)
    return (first, last) if first < last else None


def _locate(root: Path, person: str, video: str) -> tuple[Path | None, tuple[str, str]]:
    """Return the video file or the folder of images, or why there is none."""
    if not video or inside(root, video) is None or inside(root, person) is None:
        return None, ("outside its folder", f"participant {person!r}, video {video!r}")
    for pattern in VIDEO_FILES:
        for ending in (".MP4", ".mp4", ".mkv", ".webm"):
            path = root / (pattern.format(person=person, video=video) + ending)
            if exists(path):
                return path, ("", "")
    for pattern in IMAGE_FOLDERS:
        path = root / pattern.format(person=person, video=video)
        if exists(path, folder=True):
            return path, ("", "")
        if exists(path.with_name(f"{path.name}.tar")):
            return None, ("still packed", f"unpack {path.name}.tar into a folder {path.name} beside it")
    return None, ("no video", f"neither {video}.MP4 nor a folder {video} of images at the known paths")

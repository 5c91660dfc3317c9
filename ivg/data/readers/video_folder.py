"""A folder of videos, one action each; the sentence stands in a text file beside the video, or is the file's name."""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import InputError
from .files import check_folder, read_text, videos_below
from .segment import Reading, Segment, first_word, one_line


def read_video_folder(folder: Path) -> Reading:
    """Read a folder of videos and its subfolders.

    Args:
        folder: Holds videos such as `cut_the_carrot-02.mp4` ("cut the carrot"). A file of the same name that ends in
            `.txt` (`clip7.txt` beside `clip7.mp4`) holds the sentence instead; it must be UTF-8.

    Raises:
        InputError: If it is no folder, or holds no video.
    """
    reading = Reading("videos")
    for video in videos_below(check_folder(folder)):
        name = video.relative_to(folder).as_posix()
        sidecar = video.with_suffix(".txt")
        try:
            text = one_line(read_text(sidecar)) if sidecar.exists() else sentence_of_name(video.stem)
        except InputError as error:
            reading.skip(name, "unreadable text", error)
            continue
        reading.add(Segment(name, text, first_word(text), video))
    if not reading.segments and not reading.skipped:
        raise InputError(f"'{folder}' holds no video")
    return reading


def sentence_of_name(stem: str) -> str:
    """Return the sentence that a file's name says: "cut the carrot" of "Cut_the_carrot-02"."""
    words = re.sub(r"[_\-.\s]+", " ", stem).rstrip()
    return re.sub(r"(\s\(?\d+\)?)+$", "", words).strip().lower()

"""Plain sources: a folder of videos, one action each, and the caption list of the paper's release."""

import re
from pathlib import Path
from typing import Any

from ...errors import InputError
from .files import check_folder, exists, inside, read_json, read_text, videos_below
from .segment import Reading, Segment, first_word, one_line

NAME_LENGTH = 400  # Characters of a segment's name: path and caption, so that one video may have several captions


def read_caption_list(captions: Path, root: Path) -> Reading:
    """Read the caption list of the paper's release: `[{"caption": ..., "video": ...}, ...]`, one whole video each.

    The videos' paths start from `root`; what leads out of it is skipped. An `InputError` if the file cannot be read or
    is no such list, or the folder is none.
    """
    reading = Reading("captions")
    check_folder(root)
    rows = read_json(captions)
    if not isinstance(rows, list) or not any(
        isinstance(row, dict) and {"caption", "video"} <= set(row) for row in rows
    ):
        found = f"a list of {len(rows)}" if isinstance(rows, list) else type(rows).__name__
        raise InputError(f"'{captions}' must be a list of objects with the keys caption and video, got {found}")
    for number, row in enumerate(rows):
        _add_caption(reading, root, number, row)
    return reading


def _add_caption(reading: Reading, root: Path, number: int, row: Any) -> None:
    name = row.get("video") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name.strip():
        reading.skip(f"entry {number}", "no video", row)
        return
    video = inside(root, name.strip())
    if video is None:
        reading.skip(name, "outside its folder", f"entry {number}: {name}")
    elif not exists(video):
        reading.skip(name, "no video", f"entry {number}: no such file")
    else:
        text = one_line(row.get("caption"))
        reading.add(Segment(f"{name.strip()}: {text}"[:NAME_LENGTH], text, first_word(text), video))


def read_video_folder(folder: Path) -> Reading:
    """Read a folder of videos, such as `cut_the_carrot-02.mp4` ("cut the carrot"), and its subfolders.

    A file of the same name that ends in `.txt` (`clip7.txt` beside `clip7.mp4`) holds the sentence instead; it must be
    UTF-8. An `InputError` if it is no folder, or holds no video.
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

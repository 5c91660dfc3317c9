"""Ego4D: actions with their times or narrations, as segments with instructions."""

import re
from pathlib import Path
from typing import Any

from .ego4d_rows import Ego4DRow, ego4d_rows, finite
from .files import check_folder, read_json, videos_below
from .segment import Reading, Segment, first_word, one_line

_WEARER = re.compile(r"^\s*#\s*C\s+(C\s+)?", re.IGNORECASE)
_UNTAGGED = re.compile(r"^\s*#")
_UNCHANGED_S = ("is", "was", "has", "does")
_KEEP_IE = ("ties", "unties", "lies", "dies")


def read_ego4d(annotations: Path, root: Path) -> Reading:
    """Read segments of Ego4D.

    Actions of `fho_main.json` and `fho_lta_*.json` have a start and an end. Narrations have a moment only: each gets
    the span that EgoVLP gives it (Lin et al. 2022, arXiv 2206.01670, Sec. 3.1): the moment in its middle, and a
    length of the mean gap between narrations of its video, divided by the mean gap over all videos, in seconds.
    Narrations of others than the camera's wearer ("#O ...") and of what the narrator could not tell ("#unsure") are
    skipped. "#C C picks up a cup" becomes "pick up a cup", as instructions are written.

    Args:
        annotations: One of the three files.
        root: Folder at or below which `<video_uid>.mp4` or `<clip_uid>.mp4` lie (`full_scale/`, `clips/`, ...).

    Raises:
        InputError: If the file cannot be read or has another layout, or the folder is none.
    """
    reading = Reading("ego4d")
    check_folder(root)
    rows = ego4d_rows(read_json(annotations), annotations)
    videos = {path.stem: path for path in videos_below(root, depth=3)}
    for row in rows:
        _add(reading, row, videos)
    return reading


def _add(reading: Reading, row: Ego4DRow, videos: dict[str, Path]) -> None:
    """Take a row as a segment, or skip it with the reason."""
    text, fault = instruction(row.text)
    if row.fault or fault:
        reading.skip(row.name, row.fault or fault, row.text)
        return
    whole = row.video in videos
    video = videos.get(row.video) or videos.get(row.clip)
    if video is None:
        names = " nor ".join(f"{uid}.mp4" for uid in (row.video, row.clip) if uid)
        reading.skip(row.name, "no video", f"no {names}")
        return
    start, end = (finite(time) for time in (row.times if whole else row.clip_times))
    if start is None or end is None:
        reading.skip(row.name, "bad time", f"from {row.times[0]!r} to {row.times[1]!r}")
        return
    info = {"video_uid": row.video, "narration": one_line(row.text)[:300]}
    verb = row.verb or first_word(text)
    reading.add(Segment(row.name, text, verb, video, start, end, info=info))


def instruction(narration: Any) -> tuple[str, str]:
    """Return a narration as an instruction ("#C C cuts a carrot" as "cut a carrot"), or "" and why it is none."""
    text = one_line(narration)
    if "#unsure" in text.lower():
        return "", "narrator unsure"
    bare = _WEARER.sub("", text)
    if _UNTAGGED.match(bare):
        return "", "another person acts"
    if bare != text:
        verb, _, rest = bare.partition(" ")
        bare = f"{_plain_verb(verb)} {rest}".strip()
    return bare.rstrip(" ."), ""


def _plain_verb(verb: str) -> str:
    """Return the plain form of a verb of the third person."""
    if not verb.endswith("s") or verb.endswith("ss") or verb in _UNCHANGED_S:
        return verb
    if verb.endswith("ies") and verb not in _KEEP_IE:
        return f"{verb[:-3]}y"
    if verb.endswith(("ches", "shes", "sses", "xes", "oes", "zzes")):
        return verb[:-2]
    return verb[:-1]

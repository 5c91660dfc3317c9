"""What every reader gives: parts of videos with a sentence each, and the rows that it could not use."""

import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_TEXT = 1000  # Characters of a sentence; a clip's info has to fit into the store


@dataclass(frozen=True)
class Segment:
    """A part of a video in which somebody does what a sentence says."""

    name: str  # Identifies the segment among all of its source
    text: str  # The sentence
    task: str  # A short key for tables and grids: the verb
    video: Path  # A video file, or a folder of numbered images
    start_s: float = 0.0  # Where the action starts, in seconds
    end_s: float | None = None  # Where it ends; the end of the video if None
    # First and last image by number, both taken, if `video` is a folder; worked out from the times and
    # `image_rate` if None
    frames: tuple[int, int] | None = None
    image_rate: float | None = None  # Images per second of such a folder
    info: Mapping[str, Any] = field(default_factory=dict)  # More JSON values to keep with the clip


@dataclass(frozen=True)
class Skipped:
    """A row, or later a segment, that gives no clip."""

    name: str  # The row's identifier, or its position in the file
    reason: str  # A few words, the same for all rows with the same fault
    detail: str = ""  # The value at fault


@dataclass
class Reading:
    """What a reader found."""

    source: str  # What kind of source it is ("epic-kitchens", ...)
    segments: list[Segment] = field(default_factory=list)  # In the source's order
    skipped: list[Skipped] = field(default_factory=list)  # Rows that cannot be used
    _names: set[str] = field(default_factory=set)

    def add(self, segment: Segment) -> None:
        """Take a segment, or skip it if its text, its times or its name cannot be used."""
        fault = _fault(segment)
        if fault is None and segment.name in self._names:
            fault = ("duplicate id", segment.name)
        if fault is not None:
            self.skip(segment.name, *fault)
            return
        self._names.add(segment.name)
        self.segments.append(segment)

    def skip(self, name: str, reason: str, detail: object = "") -> None:
        """Note a row that cannot be used."""
        self.skipped.append(Skipped(name, reason, str(detail)[:300]))

    @property
    def reasons(self) -> Counter[str]:
        """How many rows were skipped, by reason."""
        return Counter(row.reason for row in self.skipped)

    def fingerprint(self, root: Path) -> str:
        """Return 16 hex digits that change with any segment; videos count by their path relative to `root`."""
        digest = hashlib.sha256()
        for segment in self.segments:
            video = os.path.relpath(segment.video, root)
            values = [segment.name, segment.text, video, segment.start_s, segment.end_s, segment.frames]
            digest.update(json.dumps(values).encode())
        return digest.hexdigest()[:16]


def _fault(segment: Segment) -> tuple[str, str] | None:
    if not any(letter.isalpha() for letter in segment.text):
        return "no text", repr(segment.text)
    if len(segment.text) > LONGEST_TEXT:
        return "text too long", f"{len(segment.text)} characters, at most {LONGEST_TEXT}"
    times = [time for time in (segment.start_s, segment.end_s) if time is not None]
    if not all(math.isfinite(time) and time >= 0 for time in times):
        return "bad time", f"from {segment.start_s} s to {segment.end_s} s"
    if segment.end_s is not None and segment.end_s <= segment.start_s:
        return "times reversed", f"from {segment.start_s} s to {segment.end_s} s"
    return None


def one_line(text: object) -> str:
    """Return a text without line breaks and doubled spaces; "" for what is no text."""
    return " ".join(text.split()) if isinstance(text, str) else ""


def first_word(text: str) -> str:
    """Return the first word in small letters, which names the action in sentences such as "cut the carrot"."""
    words = "".join(letter if letter.isalpha() or letter == "-" else " " for letter in text.lower()).split()
    return words[0] if words else ""

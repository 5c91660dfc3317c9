"""Annotates many segments of real video into a clip store; goes on where a stopped run left off."""

from __future__ import annotations

import functools
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...data.clip_filter import ClipFilter
from ...data.clip_store import ClipStore
from ...data.readers import Reading, Skipped
from ...errors import InputError, StoreError, unknown_option
from ...io.checks import check_can_be_folder, check_positive
from ...io.staging import write_text_whole
from ...jobs import CRASHED, TWO_PROCESSES, Launcher, Progress
from ...types import CLIP_FRAMES, FPS
from .annotate_segments import AnnotationJob, Annotator
from .render import run_into_store

SKIPPED_FILE = "skipped.jsonl"
"""In the store's folder: a line for everything that gave no clip, with index (-1 for rows), name, reason, detail."""

SOURCES = ("epic", "ego4d", "captions", "folder")  # kinds of datasets that can be annotated


@dataclass(frozen=True)
class AnnotationResult:
    """The clips of a dataset, and the rows and segments that gave none, of earlier runs too."""

    store: ClipStore
    skipped: list[Skipped]

    @property
    def reasons(self) -> Counter[str]:
        """How many were skipped, by reason, the most frequent first."""
        return Counter(dict(Counter(row.reason for row in self.skipped).most_common()))

    @property
    def as_json(self) -> dict[str, Any]:
        """Counts: clips, segments, fraction of the frames with a hand, skipped by reason."""
        done = self.store.indices_done
        present = self.store.array("present")
        hands = [bool(any(pair)) for index in done for pair in present[int(index)] == 1]  # type: ignore[union-attr]
        return {
            "clips": len(done),
            "segments": len(self.store),
            "frames_with_hands": sum(hands) / len(hands),
            "skipped": dict(self.reasons),
        }

    @property
    def report(self) -> str:
        """The counts in words, with an example for every reason."""
        figures, path = self.as_json, self.store.path
        found = f"a hand is found in {figures['frames_with_hands']:.0%} of their frames"
        lines = [f"{figures['clips']} clips in {path}; {found}"]
        if self.skipped:
            lines.append(f"skipped: {len(self.skipped)}, listed in {path / SKIPPED_FILE}")
        for reason, count in self.reasons.items():
            first = next(row for row in self.skipped if row.reason == reason)
            lines.append(f"  {count:>7}  {reason:<26} such as {first.name}: {first.detail}"[:200])
        return "\n".join(lines)


def read_dataset(source: str, annotation: Path, root: Path | None = None) -> tuple[Reading, Path]:
    """Read the segments of a dataset of real video; return them and the root as an absolute path.

    Args:
        source: One of `SOURCES`: EPIC-KITCHENS-100's CSV, Ego4D's JSON, a JSON list of captions, or a folder of videos.
        annotation: Its file or folder; an `InputError` if it cannot be read.
        root: Where the videos are; the annotation's folder if None. A folder of videos is the root itself.
    """
    from ...data import readers

    if source == "folder" and root is not None:
        raise InputError("root does not go with a folder of videos, which is the root")
    base = Path(annotation if source == "folder" else root or annotation.parent).absolute()
    read: dict[str, Callable[[], Reading]] = {
        "epic": lambda: readers.read_epic_kitchens(annotation, base),
        "ego4d": lambda: readers.read_ego4d(annotation, base),
        "captions": lambda: readers.read_caption_list(annotation, base),
        "folder": lambda: readers.read_video_folder(base),
    }
    if source not in read:
        raise unknown_option("source", source, SOURCES)
    return read[source](), base


def annotate_dataset(
    out: Path,
    reading: Reading,
    root: Path,
    *,
    size: int = 128,
    frames: int = CLIP_FRAMES,
    keep: ClipFilter | None = None,
    retry: bool = False,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> AnnotationResult:
    """Read, judge and annotate the segments of `read_dataset`: segment k becomes clip k, or a line of `SKIPPED_FILE`.

    Clips that do not have what `keep` asks for are skipped, like those that an earlier run skipped unless `retry`. Out
    is a new folder, or the store of a stopped run with the same segments and values; size is in pixels.

    Raises:
        InputError: There is no segment, or none of them gives a clip; then a new store is removed again.
        StoreError: The folder holds something else, or a store begun with other values.
    """
    check_positive(size=size, frames=frames)
    check_can_be_folder(out)
    keep = keep or ClipFilter()
    if not reading.segments:
        raise InputError(f"nothing to annotate: {_in_words(reading.reasons) or 'there is no row'}")
    meta = {"segments": reading.fingerprint(root), "filter": asdict(keep)}
    is_new, count = not out.exists(), len(reading.segments)
    store = ClipStore.create(out, count=count, size=size, fps=FPS, source=reading.source, frames=frames, meta=meta)
    if store.attrs["meta"] != meta:
        raise StoreError(f"{out} was begun with other segments or another filter; give a new folder")
    known = {} if retry else _read_skipped(out)
    lines = [_line(-1, row) for row in reading.skipped] + [_line(index, row) for index, row in known.items()]
    write_text_whole(out / SKIPPED_FILE, "".join(lines))
    jobs = [AnnotationJob(int(i), reading.segments[i]) for i in store.indices_missing if int(i) not in known]
    make_worker = functools.partial(Annotator, out, root, keep)
    for job, result in run_into_store(launcher, make_worker, jobs, out, count, progress):
        if result is CRASHED:
            result = Skipped(job.segment.name, "unreadable", f"decoding '{job.segment.video}' crashed")
        if result is not None:
            known[job.index] = result
            with (out / SKIPPED_FILE).open("a") as file:
                file.write(_line(job.index, result))
    annotated = AnnotationResult(ClipStore.open(out), [*reading.skipped, *known.values()])
    if not len(annotated.store.indices_done):
        if is_new:
            shutil.rmtree(out)
        raise InputError(f"none of {count} segments gives a clip: {_in_words(annotated.reasons)}")
    return annotated


def _read_skipped(path: Path) -> dict[int, Skipped]:
    """Read what earlier runs skipped, by index; a last line that was cut off is left out."""
    file = path / SKIPPED_FILE
    found = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if row["index"] >= 0:
            found[int(row["index"])] = Skipped(row["name"], row["reason"], row["detail"])
    return found


def _line(index: int, row: Skipped) -> str:
    return json.dumps({"index": index, **asdict(row)}) + "\n"


def _in_words(reasons: Counter[str]) -> str:
    """Return counts by reason as words, such as "3 blurry, 1 no video"."""
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())

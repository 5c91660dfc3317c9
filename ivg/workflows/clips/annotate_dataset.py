"""Annotates many segments of real video into a clip store; goes on where a stopped run left off."""

from __future__ import annotations

import functools
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...data.clip_filter import ClipFilter
from ...data.clip_store import ClipStore
from ...data.readers import Reading, Skipped
from ...errors import InputError, StoreError, unknown_option
from ...io.checks import check_can_be_folder, check_positive, refusal_of
from ...io.staging import write_text_whole
from ...jobs import CRASHED, TWO_PROCESSES, Launcher, Progress, WorkerStartError
from ...types import CLIP_FRAMES, FPS
from .annotate_segments import AnnotationJob, Annotator, Refusal
from .render import KEPT

SKIPPED_FILE = "skipped.jsonl"
"""In the store's folder: a line for everything that gave no clip, with index (-1 for rows), name, reason, detail."""

SOURCES = ("epic", "ego4d", "captions", "folder")
"""Kinds of datasets that can be annotated."""


@dataclass(frozen=True)
class AnnotationResult:
    """What became of the rows of a dataset.

    Attributes:
        store: The clips.
        skipped: Rows and segments that gave none, of earlier runs too.
    """

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
        figures = self.as_json
        lines = [
            f"{figures['clips']} clips in {self.store.path}; "
            f"a hand is found in {figures['frames_with_hands']:.0%} of their frames"
        ]
        if self.skipped:
            lines.append(f"skipped: {len(self.skipped)}, listed in {self.store.path / SKIPPED_FILE}")
        for reason, count in self.reasons.items():
            first = next(row for row in self.skipped if row.reason == reason)
            lines.append(f"  {count:>7}  {reason:<26} such as {first.name}: {first.detail}"[:200])
        return "\n".join(lines)


def read_dataset(source: str, annotation: Path, root: Path | None = None) -> tuple[Reading, Path]:
    """Read the segments of a dataset of real video.

    Args:
        source: One of `SOURCES`: EPIC-KITCHENS-100's CSV, Ego4D's JSON, a JSON list of captions, or a folder of videos.
        annotation: Its file or folder.
        root: Where the videos are; the annotation's folder if None. A folder of videos is the root itself.

    Returns:
        The segments, and the root as an absolute path.

    Raises:
        InputError: If the annotation cannot be read.
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
    """Read, judge and annotate segments: segment k becomes clip k, or a line of `SKIPPED_FILE`.

    Args:
        out: A new folder, or the store of a stopped run with the same segments and values.
        reading: What `read_dataset` found.
        root: Folder that videos are named from in the clips' info.
        size: Height and width of the clips in pixels.
        frames: Frames a clip.
        keep: What a clip must have; the defaults if None.
        retry: Try again what an earlier run skipped.
        launcher: Where the workers run.
        progress: Progress callback.

    Raises:
        InputError: There is no segment, or none of them gives a clip; then a new store is removed again.
        StoreError: The folder holds something else, or a store begun with other values.
    """
    check_positive(size=size, frames=frames)
    check_can_be_folder(out)
    keep = keep or ClipFilter()
    if not reading.segments:
        raise InputError(f"nothing to annotate: {summary_of(reading.reasons) or 'there is no row'}")
    meta = {"segments": reading.fingerprint(root), "filter": asdict(keep)}
    is_new = not out.exists()
    count = len(reading.segments)
    store = ClipStore.create(out, count=count, size=size, fps=FPS, source=reading.source, frames=frames, meta=meta)
    if store.attrs["meta"] != meta:
        raise StoreError(f"{out} was begun with other segments or another filter; give a new folder")
    known = {} if retry else _read_skipped(out)
    _write_skipped(out, reading.skipped, known)
    jobs = [AnnotationJob(int(i), reading.segments[i]) for i in store.indices_missing if int(i) not in known]
    done = count - len(jobs)
    if progress is not None:
        progress(done, count)
    for number, (job, refusal) in enumerate(_run(jobs, out, root, keep, launcher), done + 1):
        if refusal is not None:
            known[job.index] = Skipped(job.segment.name, refusal.reason, refusal.detail)
            _append_skipped(out, job.index, known[job.index])
        if progress is not None:
            progress(number, count)
    result = AnnotationResult(ClipStore.open(out), [*reading.skipped, *known.values()])
    if not len(result.store.indices_done):
        if is_new:
            shutil.rmtree(out)
        raise InputError(f"none of {count} segments gives a clip: {summary_of(result.reasons)}")
    return result


def _run(
    jobs: list[AnnotationJob], out: Path, root: Path, keep: ClipFilter, launcher: Launcher
) -> Iterator[tuple[AnnotationJob, Refusal | None]]:
    """Yield each job as it ends, and why it gave no clip if it gave none."""
    try:
        for index, result in launcher.run(functools.partial(Annotator, out, root, keep), jobs):
            job = jobs[index]
            crash = Refusal("unreadable", f"decoding '{job.segment.video}' crashed")
            yield job, crash if result is CRASHED else result
    except WorkerStartError as error:
        raise StoreError(f"{error}; {KEPT}") from error
    except OSError as error:
        raise StoreError(f"'{out}' could not be written: {refusal_of(error) or error}; {KEPT}") from error


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


def _write_skipped(path: Path, rows: list[Skipped], segments: dict[int, Skipped]) -> None:
    lines = [_line(-1, row) for row in rows] + [_line(index, row) for index, row in segments.items()]
    write_text_whole(path / SKIPPED_FILE, "".join(lines))


def _append_skipped(path: Path, index: int, row: Skipped) -> None:
    with (path / SKIPPED_FILE).open("a") as file:
        file.write(_line(index, row))


def _line(index: int, row: Skipped) -> str:
    return json.dumps({"index": index, **asdict(row)}) + "\n"


def summary_of(reasons: Counter[str]) -> str:
    """Return counts by reason as words, such as "3 blurry, 1 no video"."""
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())

"""Annotates many segments of real video over several processes into a store, goes on where a stopped run left off."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..cli.shared.command import refusal_of
from ..data.clip_filter import ClipFilter
from ..data.clip_store import ClipStore
from ..data.readers import Reading, Skipped
from ..errors import InputError, StoreError
from ..io.staging import write_text_whole
from ..jobs.processes import CRASHED, RunJobs, run_jobs
from ..types import CLIP_FRAMES, FPS
from .annotate_worker import AnnotationJob, Refusal, annotate, start

SKIPPED_FILE = "skipped.jsonl"
"""In the store's folder: a line for everything that gave no clip, with index (-1 for rows), name, reason, detail."""


@dataclass(frozen=True)
class AnnotationResult:
    """What became of the rows.

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


def annotate_segments(
    path: Path,
    reading: Reading,
    root: Path,
    *,
    size: int = 128,
    frames: int = CLIP_FRAMES,
    workers: int = 2,
    keep: ClipFilter | None = None,
    retry: bool = False,
    progress: bool = True,
    run: RunJobs = run_jobs,
) -> AnnotationResult:
    """Reads, judges and annotates segments: segment k becomes clip k, or a line of `SKIPPED_FILE`.

    Args:
        path: A new folder, or the store of a stopped run with the same segments and values.
        reading: What a reader found.
        root: Folder that videos are named from in the clips' info.
        size: Height and width of the clips in pixels.
        frames: Frames a clip.
        workers: Processes.
        keep: What a clip must have; the defaults if None.
        retry: Try again what an earlier run skipped.
        progress: Whether to show a bar on stderr.
        run: Does the work, in place of a pool of processes.

    Raises:
        InputError: There is no segment, or none of them gives a clip; then a new store is removed again.
        StoreError: The folder holds something else, or a store begun with other values.
    """
    keep = keep or ClipFilter()
    if not reading.segments:
        raise InputError(f"nothing to annotate: {summary_of(reading.reasons) or 'there is no row'}")
    meta = {"segments": reading.fingerprint(root), "filter": asdict(keep)}
    is_new = not path.exists()
    store = ClipStore.create(
        path, count=len(reading.segments), size=size, fps=FPS, source=reading.source, frames=frames, meta=meta
    )
    if store.attrs["meta"] != meta:
        raise StoreError(f"{path} was begun with other segments or another filter; give a new folder")
    known = {} if retry else _read_skipped(path)
    _write_skipped(path, reading.skipped, known)
    jobs = [AnnotationJob(int(i), reading.segments[i]) for i in store.indices_missing if int(i) not in known]
    for job, refusal in _run(jobs, store, root, keep, workers, progress, run):
        known[job.index] = Skipped(job.segment.name, refusal.reason, refusal.detail)
        _append_skipped(path, job.index, known[job.index])
    result = AnnotationResult(ClipStore.open(path), [*reading.skipped, *known.values()])
    if not len(result.store.indices_done):
        if is_new:
            shutil.rmtree(path)
        raise InputError(f"none of {len(reading.segments)} segments gives a clip: {summary_of(result.reasons)}")
    return result


def _run(
    jobs: list[AnnotationJob],
    store: ClipStore,
    root: Path,
    keep: ClipFilter,
    workers: int,
    progress: bool,
    run: RunJobs,
) -> Iterable[tuple[AnnotationJob, Refusal]]:
    """Yields the jobs that gave no clip."""
    total = len(store)
    with tqdm(total=total, initial=total - len(jobs), unit="clip", desc=store.path.name, disable=not progress) as bar:
        results = run(annotate, jobs, workers=workers, start=start, arguments=(store.path, root, keep))
        try:
            for place, result in results:
                bar.update()
                if result is CRASHED:
                    yield jobs[place], Refusal("unreadable", f"decoding '{jobs[place].segment.video}' crashed")
                elif result is not None:
                    yield jobs[place], result
        except BrokenProcessPool as error:
            raise StoreError(
                "an annotating process died when it started (its trace stands above); clips that are done are kept, "
                "the same command goes on"
            ) from error
        except OSError as error:
            raise StoreError(
                f"'{store.path}' could not be written: {refusal_of(error) or error}; clips that are done are kept, the "
                "same command goes on"
            ) from error


def _read_skipped(path: Path) -> dict[int, Skipped]:
    """Reads what earlier runs have skipped, by index; a last line that was cut off is left out."""
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
    """Returns counts by reason as words, such as "3 blurry, 1 no video"."""
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())


def report_of(result: AnnotationResult) -> dict[str, Any]:
    """Returns the counts for printing and JSON: clips, share of frames with a hand, skipped by reason."""
    store = result.store
    done = store.indices_done
    hands = [bool(any(pair)) for index in done for pair in store.array("present")[int(index)] == 1]  # type: ignore[union-attr]
    return {
        "clips": len(done),
        "segments": len(store),
        "frames_with_hands": sum(hands) / len(hands),
        "skipped": dict(result.reasons),
    }

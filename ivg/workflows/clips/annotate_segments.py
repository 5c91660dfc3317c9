"""Turns one segment of a video into a clip of a store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...data.clip_filter import ClipFilter, motion, sharpness
from ...data.clip_record import INFO_BYTES, ClipRecord
from ...data.clip_store import ClipStore
from ...data.readers import Segment, Skipped
from ...data.segment_frames import SegmentError, read_segment
from ...framing import Framing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...io.video import VideoSample
    from ...types import HandTracks

DETECTION_SIDE = 640  # longer side, px, of the frames in which hands are searched: more costs time and finds none more


@dataclass(frozen=True)
class AnnotationJob:
    """One segment and its index in the store."""

    index: int
    segment: Segment


def segment_record(
    segment: Segment,
    *,
    size: int,
    frames: int,
    keep: ClipFilter,
    detector: Callable[[NDArray[np.uint8]], HandTracks],
    source: str,
    video: str,
) -> ClipRecord:
    """Read, judge and annotate a segment; the info names the store's source and the video.

    The detector sees the frames at up to `DETECTION_SIDE` pixels. They are then fitted into a square of `size` px: they
    keep their aspect, their edges fill what is left over.

    Raises:
        SegmentError: If it cannot be read, or the filter refuses it.
    """
    sample = read_segment(segment, frames=frames, longest_side=max(size, DETECTION_SIDE))
    if flaw := keep.fault_of_frames(sample.frames):
        raise SegmentError(*flaw)
    tracks = detector(sample.frames)
    if flaw := keep.fault_of_hands(tracks.present):
        raise SegmentError(*flaw)
    _, height, width, _ = sample.frames.shape
    framing = Framing(height, width, size)
    return ClipRecord(
        frames=np.stack([framing.fit(frame) for frame in sample.frames]),
        keypoints=framed_keypoints(tracks.keypoints, framing),
        present=tracks.present,
        score=tracks.score,
        info=_info(segment, sample, source, video),
    )


def framed_keypoints(keypoints: NDArray[np.float32], framing: Framing) -> NDArray[np.float32]:
    """Return keypoints (..., 2), normalised in the frame, as normalised in the square that it is fitted into."""
    rows, columns = framing.window
    start = np.array([columns.start, rows.start], np.float32)
    extent = np.array([columns.stop - columns.start, rows.stop - rows.start], np.float32)
    return ((keypoints * extent + start) / np.float32(framing.size)).astype(np.float32)


def _info(segment: Segment, sample: VideoSample, source: str, video: str) -> dict[str, Any]:
    info = {
        **segment.info,
        "task": segment.task,
        "text": segment.text,
        "source": source,
        "name": segment.name,
        "video": video,
        "start_s": round(float(sample.times_s[0]), 3),
        "end_s": round(float(sample.times_s[-1]), 3),
        "fps": round(sample.fps, 3),
        "sharpness": round(sharpness(sample.frames), 1),
        "motion": round(motion(sample.frames), 4),
        "annotated": True,
    }
    length = len(json.dumps(info))
    if length > INFO_BYTES:
        raise SegmentError("text too long", f"{length} bytes as JSON with names and paths, at most {INFO_BYTES} fit")
    return info


class Annotator:
    """A worker that writes the clips that pass `keep` into a store; their info names videos from the folder `root`."""

    def __init__(self, store: Path, root: Path, keep: ClipFilter) -> None:
        import av

        from ...hands import MediaPipeHands

        av.logging.set_level(None)  # FFmpeg's complaints are in the reasons
        self.store, self.root, self.keep = ClipStore.open(store, mode="r+"), root, keep
        self.detector = MediaPipeHands()

    def __call__(self, job: AnnotationJob) -> Skipped | None:
        """Write one segment's clip into the store, or return why there is none."""
        video, attrs = job.segment.video, self.store.attrs
        try:
            record = segment_record(
                job.segment,
                size=self.store.size,
                frames=int(attrs["frames"]),
                keep=self.keep,
                detector=self.detector,
                source=str(attrs["source"]),
                video=str(video.relative_to(self.root) if video.is_relative_to(self.root) else video),
            )
        except SegmentError as error:
            return Skipped(job.segment.name, error.reason, error.detail[:300])
        self.store.write(job.index, record)
        return None

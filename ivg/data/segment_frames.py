"""The pixels of a segment: evenly spaced frames of a video file or of a folder of numbered images."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError
from ..io.video import VideoSample, read_video, video_length_s
from ..io.video_frames import shrink
from .readers.segment import Segment

END_SLACK_S = 0.5  # Annotations may end this much later than the video does

_NUMBERED = re.compile(r"^(?P<head>\D*)(?P<number>\d+)(?P<ending>\.(?:jpe?g|png))$", re.IGNORECASE)


class SegmentError(InputError):
    """A segment that gives no clip: why, in words that all with the same fault share, and the value at fault."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def read_segment(segment: Segment, *, frames: int, longest_side: int) -> VideoSample:
    """Read evenly spaced frames of a segment, the first and the last included, reduced to `longest_side` px if larger.

    A `SegmentError` if the segment lies beyond the end of its video, or cannot be decoded.
    """
    read = _read_images if segment.video.is_dir() else _read_file
    try:
        return read(segment, frames, longest_side)
    except SegmentError:
        raise
    except InputError as error:
        raise SegmentError("unreadable", str(error)) from error
    except (OSError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        # Whatever a decoder may come up with for a damaged file costs one clip, not the run.
        raise SegmentError("unreadable", f"'{segment.video}': {type(error).__name__}: {error}") from error


def _read_file(segment: Segment, frames: int, longest_side: int) -> VideoSample:
    length = video_length_s(segment.video)
    last = segment.start_s if segment.end_s is None else segment.end_s - END_SLACK_S
    if length is not None and last > length:
        raise SegmentError(
            "beyond the end", f"{segment.start_s:g} s to {segment.end_s or 0:g} s of a video of {length:.2f} s"
        )
    return read_video(
        segment.video, frames=frames, start_s=segment.start_s, end_s=segment.end_s, longest_side=longest_side
    )


def _read_images(segment: Segment, frames: int, longest_side: int) -> VideoSample:
    rate = segment.image_rate or 1.0
    image_path = _numbered_images(segment.video)
    first, last = segment.frames or _numbers(segment, rate)
    chosen = np.linspace(first, last, frames).round().astype(int).tolist()
    absent = [number for number in chosen if not image_path(number).is_file()]
    if absent:
        beyond = absent[-1] == chosen[-1] and not image_path(absent[0] + 1).is_file()
        detail = f"{image_path(absent[0]).name} is missing in '{segment.video}'"
        raise SegmentError("beyond the end" if beyond else "unreadable", detail)
    pixels = {number: _image(image_path(number), longest_side) for number in sorted(set(chosen))}
    times_s = (np.array(chosen) - 1) / rate
    span = times_s[-1] - times_s[0]
    return VideoSample(np.stack([pixels[n] for n in chosen]), times_s, (frames - 1) / span if span > 0 else rate)


def _numbers(segment: Segment, rate: float) -> tuple[int, int]:
    if segment.end_s is None:
        raise SegmentError("unreadable", f"'{segment.video}' holds images, and no end is given")
    return max(1, int(segment.start_s * rate)), max(1, int(segment.end_s * rate))


def _numbered_images(folder: Path) -> Callable[[int], Path]:
    """Return image paths by number, as any one image is called (folders may hold a hundred thousand)."""
    with os.scandir(folder) as entries:
        match = next(filter(None, (_NUMBERED.match(entry.name) for entry in entries)), None)
    if match is None:
        raise SegmentError("unreadable", f"'{folder}' holds no image with a number, such as frame_0000000001.jpg")
    head, number, ending = match.group("head", "number", "ending")
    return lambda wanted: folder / f"{head}{wanted:0{len(number)}d}{ending}"


def _image(path: Path, longest_side: int) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise SegmentError("unreadable", f"'{path}' is no image")
    return shrink(np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8), longest_side)

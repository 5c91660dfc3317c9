"""Frames and times of an open video file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.container import InputContainer

_SLACK_S = 1e-3  # times nearer than this are one
CONTAINER_UNITS = 1_000_000  # FFmpeg counts a container's times in microseconds


def shrink(image: NDArray[np.uint8], longest_side: int | None) -> NDArray[np.uint8]:
    """Reduce an image (h, w, 3) to a longer side of so many pixels, its aspect kept; a smaller one stays as it is."""
    longer = max(image.shape[:2])
    if longest_side is None or longer <= longest_side:
        return image
    import cv2

    height, width = (max(1, round(side * longest_side / longer)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def packet_times(container: InputContainer, start_s: float, end_s: float | None) -> list[float]:
    """Return the times of the frames from start to end, in order, without decoding them."""
    times = _demuxed_times(container, start_s, end_s)
    if start_s > 0 and (not times or min(times) > start_s + _SLACK_S):  # some files seek wrongly
        container.seek(0)
        times = _demuxed_times(container, 0.0, end_s)
    return sorted(t for t in times if start_s - _SLACK_S <= t <= (end_s if end_s is not None else t) + _SLACK_S)


def _demuxed_times(container: InputContainer, start_s: float, end_s: float | None) -> list[float]:
    """Return the times of the packets from the key frame before the start until none can lie before the end."""
    stream = container.streams.video[0]
    unit, first = stream.time_base or Fraction(1), stream.start_time or 0
    _seek(container, start_s)
    times = []
    for packet in container.demux(stream):
        if packet.pts is not None and not packet.is_discard:
            times.append(float((packet.pts - first) * unit))
        if end_s is not None and packet.dts is not None and (packet.dts - first) * unit > end_s + _SLACK_S:
            break
    return times


def _seek(container: InputContainer, start_s: float) -> float:
    """Go to the key frame before a time; return the time of the file's first frame."""
    stream = container.streams.video[0]
    first = float((stream.start_time or 0) * (stream.time_base or 0))
    if start_s > 0:
        container.seek(int((first + start_s) * CONTAINER_UNITS))
    return first


def decoded_frames(container: InputContainer, start_s: float, end_s: float | None) -> Iterator[tuple[float, Any]]:
    """Yield time and frame from start to end, decoding from the key frame before the start."""
    first = _seek(container, start_s)
    for frame in container.decode(container.streams.video[0]):
        time_s = (frame.time or 0.0) - first
        if end_s is not None and time_s > end_s + _SLACK_S:
            return
        if time_s >= start_s - _SLACK_S:
            yield time_s, frame


def pick_frames(
    frames: Iterator[tuple[float, Any]], targets: Sequence[float], longest_side: int | None
) -> tuple[list[NDArray[np.uint8]], list[float]]:
    """Return, for each target time (ascending), the first frame from then on, or the last frame there is."""
    pixels: list[NDArray[np.uint8]] = []
    times: list[float] = []
    last: tuple[float, Any] | None = None

    def take(time_s: float, frame: Any, count: int) -> None:
        pixels.extend([shrink(_upright(frame), longest_side)] * count if count else [])
        times.extend([time_s] * count)

    for time_s, frame in frames:
        last = (time_s, frame)
        take(time_s, frame, sum(target <= time_s + _SLACK_S for target in targets[len(pixels) :]))
        if len(pixels) == len(targets):
            break
    if last is not None:
        take(*last, len(targets) - len(pixels))
    return pixels, times


def _upright(frame: Any) -> NDArray[np.uint8]:
    """Return the pixels as they are meant to be seen (telephones store how they were held)."""
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(getattr(frame, "rotation", 0) / 90)))


def mean_rate(chosen_s: Sequence[float], all_s: Sequence[float]) -> float:
    """Return the mean rate of the chosen frames; the file's if they span no time; 1 if it has one frame."""
    for times in (chosen_s, all_s):
        span = float(times[-1] - times[0])
        if span > 0:
            return (len(times) - 1) / span
    return 1.0

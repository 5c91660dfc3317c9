"""Video files: reading evenly spaced frames, writing H.264."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .staging import staged_output

if TYPE_CHECKING:
    from av.container import InputContainer

CONSTANT_RATE_FACTOR = 12
"""H.264 quality (0 lossless, 51 worst): here, nothing that the eye finds at once."""

_SLACK_S = 1e-3
"""Times nearer than this are one."""

_CONTAINER_UNITS = 1_000_000
"""FFmpeg counts a container's times in microseconds."""


@dataclass(frozen=True, eq=False)
class VideoSample:
    """Frames of a video file.

    Attributes:
        frames: uint8 (t, h, w, 3), RGB, upright.
        times_s: float64 (t,), presentation times in the file, in seconds.
        fps: Frames per second at which `frames` play at the file's own speed.
    """

    frames: NDArray[np.uint8]
    times_s: NDArray[np.float64]
    fps: float


def read_video(
    path: str | Path,
    *,
    frames: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    longest_side: int | None = None,
) -> VideoSample:
    """Read a video file, all of it or evenly spaced frames of a part.

    The part is gone through twice: its packets for the times, its frames for the pixels. Only the frames
    returned are held in memory. What lies before the part is skipped, so that a few seconds of a long file cost
    little.

    Args:
        path: Any file that FFmpeg reads.
        frames: How many frames to take, evenly from the first to the last; all if None. A part that has fewer
            repeats some.
        start_s: Where to start, in seconds.
        end_s: Where to end; the end of the file if None.
        longest_side: Frames whose longer side has more pixels are reduced to it, their aspect kept; as they are if
            None.

    Returns:
        The frames, their times and their rate.

    Raises:
        InputError: If the file cannot be read or decoded, or has no frame between start and end.
    """
    if frames is not None and frames < 1:
        raise InputError(f"frames must be positive, got {frames}")
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise InputError(f"start and end must be 0 <= start < end, got {start_s} s and {end_s} s")
    with _reading(path) as container:
        times = _packet_times(container, start_s, end_s)
    if not times:
        raise InputError(f"cannot read video '{path}': no frame from {start_s} s to {end_s or 'its end'}")
    count = len(times) if frames is None else frames
    chosen = np.linspace(0, len(times) - 1, count).round().astype(int)
    with _reading(path) as container:
        shown = _frames(container, start_s, end_s)
        pixels, times_s = _pick(shown, [times[i] for i in chosen], longest_side)
        if len({picture.shape for picture in pixels}) > 1:
            raise InputError(f"cannot read video '{path}': its frames change their size")
    if not pixels:
        raise InputError(f"cannot read video '{path}': none of its frames can be decoded")
    return VideoSample(np.stack(pixels), np.array(times_s), _rate(times_s, times))


def video_length_s(path: str | Path) -> float | None:
    """Return how long a video file plays, in seconds, as its header says; None if it does not say.

    Raises:
        InputError: If the file cannot be read, or has no picture.
    """
    with _reading(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / _CONTAINER_UNITS if container.duration else None


def shrink(picture: NDArray[np.uint8], longest_side: int | None) -> NDArray[np.uint8]:
    """Reduce a picture (h, w, 3) to a longer side of so many pixels, its aspect kept; a smaller one stays as it is."""
    longer = max(picture.shape[:2])
    if longest_side is None or longer <= longest_side:
        return picture
    import cv2

    height, width = (max(1, round(side * longest_side / longer)) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def write_video(path: str | Path, frames: NDArray[np.uint8], fps: float) -> None:
    """Write frames as H.264 in an MP4 that browsers play.

    Args:
        path: The file, replaced if it exists; only once the new one is whole.
        frames: uint8 (t, h, w, 3), RGB. H.264's usual pixel format wants even sizes: an odd picture gets its
            last row or column twice.
        fps: Frames per second.

    Raises:
        InputError: If the frames have another shape or dtype, or `fps` is not positive.
    """
    import av

    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise InputError(f"frames must be uint8 (t, h, w, 3), got {frames.dtype} {frames.shape}")
    if not fps > 0:
        raise InputError(f"fps must be positive, got {fps}")
    _, height, width, _ = frames.shape
    frames = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    options = {"crf": str(CONSTANT_RATE_FACTOR), "preset": "medium"}
    with (
        staged_output(path, overwrite=True) as stage,
        av.open(str(stage), mode="w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@contextmanager
def _reading(path: str | Path) -> Iterator[InputContainer]:
    """Open a file whose failures, then and later, are told as an `InputError`."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"cannot read video '{path}': it has no picture")
            container.streams.video[0].thread_type = "AUTO"
            yield container
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"cannot read video '{path}': {error.strerror or error}") from error


def _packet_times(container: InputContainer, start_s: float, end_s: float | None) -> list[float]:
    """Return the times of the frames from start to end, in order, without decoding them."""
    times = _demuxed_times(container, start_s, end_s)
    if start_s > 0 and (not times or min(times) > start_s + _SLACK_S):  # some files seek to the wrong place
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


def _seek(container: InputContainer, start_s: float) -> None:
    """Go to the key frame before a time."""
    if start_s > 0:
        stream = container.streams.video[0]
        first = float((stream.start_time or 0) * (stream.time_base or 0))
        container.seek(int((first + start_s) * _CONTAINER_UNITS))


def _frames(container: InputContainer, start_s: float, end_s: float | None) -> Iterator[tuple[float, Any]]:
    """Yield time and frame from start to end, decoding from the key frame before the start."""
    stream = container.streams.video[0]
    first = float((stream.start_time or 0) * (stream.time_base or 0))
    _seek(container, start_s)
    for frame in container.decode(stream):
        time_s = (frame.time or 0.0) - first
        if end_s is not None and time_s > end_s + _SLACK_S:
            return
        if time_s >= start_s - _SLACK_S:
            yield time_s, frame


def _pick(
    frames: Iterator[tuple[float, Any]], targets: Sequence[float], longest_side: int | None
) -> tuple[list[NDArray[np.uint8]], list[float]]:
    """Return, for each target time (ascending), the first frame from then on, or the last frame there is."""
    pixels: list[NDArray[np.uint8]] = []
    times: list[float] = []
    last: tuple[float, Any] | None = None
    for time_s, frame in frames:
        last = (time_s, frame)
        due = sum(target <= time_s + _SLACK_S for target in targets[len(pixels) :])
        pixels += [shrink(_upright(frame), longest_side)] * due if due else []
        times += [time_s] * due
        if len(pixels) == len(targets):
            break
    if last is not None and len(pixels) < len(targets):
        missing = len(targets) - len(pixels)
        pixels += [shrink(_upright(last[1]), longest_side)] * missing
        times += [last[0]] * missing
    return pixels, times


def _upright(frame: Any) -> NDArray[np.uint8]:
    """Return the pixels as they are meant to be seen (telephones store how they were held)."""
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(getattr(frame, "rotation", 0) / 90)))


def _rate(chosen_s: Sequence[float], all_s: Sequence[float]) -> float:
    """Return the mean rate of the chosen frames; the file's if they span no time; 1 if it has one frame."""
    for times in (chosen_s, all_s):
        span = float(times[-1] - times[0])
        if span > 0:
            return (len(times) - 1) / span
    return 1.0

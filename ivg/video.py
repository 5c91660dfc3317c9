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

from .errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer

CONSTANT_RATE_FACTOR = 12
"""H.264 quality (0 lossless, 51 worst): here, nothing that the eye finds at once."""

_SLACK_S = 1e-3
"""Times nearer than this are one."""


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
    path: str | Path, *, frames: int | None = None, start_s: float = 0.0, end_s: float | None = None
) -> VideoSample:
    """Read a video file, all of it or evenly spaced frames of a part.

    The file is gone through twice: its packets for the times, its frames for the pixels. Only the frames
    returned are held in memory.

    Args:
        path: Any file that FFmpeg reads.
        frames: How many frames to take, evenly from the first to the last; all if None. A part that has fewer
            repeats some.
        start_s: Where to start, in seconds.
        end_s: Where to end; the end of the file if None.

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
        pixels, times_s = _pick(_frames(container, start_s, end_s), [times[i] for i in chosen])
        if len({picture.shape for picture in pixels}) > 1:
            raise InputError(f"cannot read video '{path}': its frames change their size")
    if not pixels:
        raise InputError(f"cannot read video '{path}': none of its frames can be decoded")
    return VideoSample(np.stack(pixels), np.array(times_s), _rate(times_s, times))


def write_video(path: str | Path, frames: NDArray[np.uint8], fps: float) -> None:
    """Write frames as H.264 in an MP4 that browsers play.

    Args:
        path: The file, replaced if it exists.
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
    with av.open(str(path), mode="w", format="mp4", options={"movflags": "+faststart"}) as container:
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
    stream = container.streams.video[0]
    unit, first = stream.time_base or Fraction(1), stream.start_time or 0
    stamps = (p.pts for p in container.demux(stream) if p.pts is not None and not p.is_discard)
    times = sorted(float((stamp - first) * unit) for stamp in stamps)
    return [t for t in times if start_s - _SLACK_S <= t <= (end_s if end_s is not None else t) + _SLACK_S]


def _frames(container: InputContainer, start_s: float, end_s: float | None) -> Iterator[tuple[float, Any]]:
    """Yield time and frame from start to end, decoding from the key frame before the start."""
    stream = container.streams.video[0]
    first = float((stream.start_time or 0) * (stream.time_base or 0))
    if start_s > 0:
        container.seek(int((first + start_s) * 1_000_000))
    for frame in container.decode(stream):
        time_s = (frame.time or 0.0) - first
        if end_s is not None and time_s > end_s + _SLACK_S:
            return
        if time_s >= start_s - _SLACK_S:
            yield time_s, frame


def _pick(frames: Iterator[tuple[float, Any]], targets: Sequence[float]) -> tuple[list[NDArray[np.uint8]], list[float]]:
    """Return, for each target time (ascending), the first frame from then on, or the last frame there is."""
    pixels: list[NDArray[np.uint8]] = []
    times: list[float] = []
    last: tuple[float, Any] | None = None
    for time_s, frame in frames:
        last = (time_s, frame)
        due = sum(target <= time_s + _SLACK_S for target in targets[len(pixels) :])
        pixels += [_upright(frame)] * due if due else []
        times += [time_s] * due
        if len(pixels) == len(targets):
            break
    if last is not None and len(pixels) < len(targets):
        missing = len(targets) - len(pixels)
        pixels += [_upright(last[1])] * missing
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

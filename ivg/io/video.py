"""Video files: reading evenly spaced frames, writing H.264."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..inputs import check_frames
from .staging import staged_output
from .video_frames import CONTAINER_UNITS, decoded_frames, mean_rate, packet_times, pick_frames

if TYPE_CHECKING:
    from av.container import InputContainer

CONSTANT_RATE_FACTOR = 12  # H.264 quality (0 lossless, 51 worst): here, nothing that the eye finds at once


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

    The part is read twice, its packets for the times, its frames for the pixels; what lies before it is skipped. Only
    the frames returned are held in memory.

    Args:
        path: Any file that FFmpeg reads.
        frames: How many frames to take, evenly from the first to the last; all if None. A part with fewer repeats some.
        start_s: Where to start, in seconds.
        end_s: Where to end; the end of the file if None.
        longest_side: Frames whose longer side has more pixels are reduced to it, their aspect kept.

    Raises:
        InputError: If the file cannot be read or decoded, or has no frame between start and end.
    """
    if frames is not None and frames < 1:
        raise InputError(f"frames must be positive, got {frames}")
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise InputError(f"start and end must be 0 <= start < end, got {start_s} s and {end_s} s")
    with _reading(path) as container:
        times = packet_times(container, start_s, end_s)
    if not times:
        raise InputError(f"cannot read video '{path}': no frame from {start_s} s to {end_s or 'its end'}")
    count = len(times) if frames is None else frames
    chosen = np.linspace(0, len(times) - 1, count).round().astype(int)
    with _reading(path) as container:
        shown = decoded_frames(container, start_s, end_s)
        pixels, times_s = pick_frames(shown, [times[i] for i in chosen], longest_side)
        if len({image.shape for image in pixels}) > 1:
            raise InputError(f"cannot read video '{path}': its frames change their size")
    if not pixels:
        raise InputError(f"cannot read video '{path}': none of its frames can be decoded")
    return VideoSample(np.stack(pixels), np.array(times_s), mean_rate(times_s, times))


def video_length_s(path: str | Path) -> float | None:
    """Return a file's length in seconds, as its header says, or None; raise an `InputError` if it cannot be read."""
    with _reading(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / CONTAINER_UNITS if container.duration else None


def write_video(path: str | Path, frames: NDArray[np.uint8], fps: float) -> None:
    """Write frames uint8 (t, h, w, 3), RGB, as H.264 in an MP4 that browsers play; an old file is replaced at the end.

    H.264's usual pixel format wants even sizes: an odd image gets its last row or column twice. Frames of another shape
    or dtype, or an `fps` that is not positive, raise an `InputError`.
    """
    import av

    check_frames(frames)
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
    """Open a file whose failures, then and later, become an `InputError`."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"cannot read video '{path}': it has no image")
            container.streams.video[0].thread_type = "AUTO"
            yield container
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"cannot read video '{path}': {error.strerror or error}") from error

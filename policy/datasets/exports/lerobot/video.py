"""Videos that hold many episodes one after the other: written picture by picture, read by times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError, StoreError

from ..images import resized

CONSTANT_RATE_FACTOR = 14
"""H.264 quality (0 lossless, 51 worst)."""

KEY_FRAME_EVERY = 2
"""As LeRobot's own videos: a picture anywhere is found by decoding two at most."""


class VideoFile:
    """An H.264 video in an MP4 file that is written picture by picture.

    Args:
        path: The file.
        size: Height and width, both even.
        fps: Pictures a second.

    Attributes:
        path: As given.
        frames: Pictures written so far.

    Raises:
        InputError: If height or width is odd.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        if size[0] % 2 or size[1] % 2:
            raise InputError(f"H.264 wants pictures of even height and width, got {size[0]} x {size[1]}: use PNG")
        self.path, self.frames, self._unit = path, 0, Fraction(1, fps)
        self._container = av.open(str(path), mode="w", format="mp4")
        options = {"crf": str(CONSTANT_RATE_FACTOR), "preset": "fast", "g": str(KEY_FRAME_EVERY), "bf": "0"}
        self._stream = self._container.add_stream("libx264", rate=fps, options=options)
        self._stream.height, self._stream.width = size
        self._stream.pix_fmt = "yuv420p"

    def write(self, pictures: NDArray[np.uint8]) -> None:
        """Write pictures, uint8 (n, h, w, 3) RGB."""
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = self.frames
            frame.time_base = self._unit
            self._container.mux(self._stream.encode(frame))
            self.frames += 1

    @property
    def megabytes(self) -> float:
        """Size of what has reached the file; FFmpeg makes it with the first picture that is packed."""
        return self.path.stat().st_size / 2**20 if self.path.exists() else 0.0

    def close(self) -> None:
        """Write what is waiting and finish the file."""
        self._container.mux(self._stream.encode())
        self._container.close()


def video_frames(
    path: Path, start_s: float, count: int, fps: float, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Read so many pictures of a video from a time on.

    Args:
        path: Any file that FFmpeg reads.
        start_s: When the first of them is shown.
        count: How many.
        fps: Pictures a second.
        size: Height and width that they are brought to, one by one; as they are if None.

    Returns:
        uint8 (count, h, w, 3), RGB.

    Raises:
        StoreError: If the file cannot be read, or ends before.
    """
    shown: list[NDArray[np.uint8]] = []
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            begin = float((stream.start_time or 0) * (stream.time_base or 0))
            container.seek(max(0, int((begin + start_s - 0.5 / fps) * av.time_base)))
            for frame in container.decode(stream):
                if (frame.time or 0.0) - begin > start_s - 0.5 / fps:
                    shown.append(resized(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), size))
                if len(shown) == count:
                    break
    except (av.FFmpegError, OSError, IndexError) as error:
        raise StoreError(f"cannot read video '{path}': {error}") from error
    if len(shown) < count:
        raise StoreError(f"'{path}' has {len(shown)} pictures from {start_s:g} s on, {count} are wanted")
    return np.stack(shown)

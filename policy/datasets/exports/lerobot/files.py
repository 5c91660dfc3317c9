"""The numbered files of a LeRobot dataset: when one is full the next begins."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.io.extras import needed

from .features import EXTRA

DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"

CHUNKS_SIZE = 1000  # files in a folder ``chunk-*``

DATA_MB, VIDEO_MB = 100, 200  # size at which a file is full

# length at which a video is full: LeRobot finds frames by times in float32, to 0.1 ms, and later ones are too coarse
VIDEO_S = 400.0

CONSTANT_RATE_FACTOR = 14  # H.264 quality (0 lossless, 51 worst)

KEY_FRAME_EVERY = 2  # as LeRobot's own videos: any frame is found by decoding two at most

FileIndex = tuple[int, int]  # numbers of folder and file


def following(index: FileIndex) -> FileIndex:
    """Return the next folder and file."""
    chunk, file = index
    return (chunk, file + 1) if file + 1 < CHUNKS_SIZE else (chunk + 1, 0)


def located(root: Path, pattern: str, index: FileIndex, **names: str) -> Path:
    """Return the path of a numbered file; its folder is created."""
    path = root / pattern.format(chunk_index=index[0], file_index=index[1], **names)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class TableFiles:
    """Tables with one schema, each a row group, in numbered parquet files."""

    def __init__(self, root: Path, schema: Any) -> None:
        self._root, self._schema = root, schema
        self._parquet = needed("pyarrow.parquet", EXTRA)
        self._writer: Any = None
        self._path = root
        self._index: FileIndex = (0, 0)

    def write(self, table: Any) -> FileIndex:
        """Write a table and return the numbers of its file."""
        if self._writer is not None and self._path.stat().st_size >= DATA_MB * 2**20:
            self.close()
            self._index = following(self._index)
        if self._writer is None:
            self._path = located(self._root, DATA_PATH, self._index)
            self._writer = self._parquet.ParquetWriter(str(self._path), self._schema, compression="snappy")
        self._writer.write_table(table, row_group_size=max(1, len(table)))
        return self._index

    def close(self) -> None:
        """Finish the current file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class VideoFiles:
    """Episodes one after the other in numbered H.264 videos; an `InputError` if height or width is odd."""

    def __init__(self, root: Path, key: str, size: tuple[int, int], fps: int) -> None:
        if size[0] % 2 or size[1] % 2:
            raise InputError(f"H.264 needs images of even height and width, got {size[0]} x {size[1]}: use PNG")
        self._root, self._key, self._size, self._fps = root, key, size, fps
        self._index: FileIndex = (0, 0)
        self._container: Any = None
        self._stream: Any = None
        self._path, self._frames = root, 0

    def write(self, images: NDArray[np.uint8]) -> tuple[FileIndex, float, float]:
        """Write an episode's images; return the file's numbers, and the times of the first and after the last, s."""
        if self._container is not None and self._is_full(len(images)):
            self.close()
            self._index = following(self._index)
        if self._container is None:
            self._open()
        first = self._frames
        for image in images:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = self._frames, Fraction(1, self._fps)
            self._container.mux(self._stream.encode(frame))
            self._frames += 1
        return self._index, first / self._fps, self._frames / self._fps

    def close(self) -> None:
        """Finish the current file."""
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._container = None

    def _open(self) -> None:
        self._path, self._frames = located(self._root, VIDEO_PATH, self._index, video_key=self._key), 0
        self._container = av.open(str(self._path), mode="w", format="mp4")
        options = {"crf": str(CONSTANT_RATE_FACTOR), "preset": "fast", "g": str(KEY_FRAME_EVERY), "bf": "0"}
        self._stream = self._container.add_stream("libx264", rate=self._fps, options=options)
        self._stream.height, self._stream.width = self._size
        self._stream.pix_fmt = "yuv420p"

    def _is_full(self, more: int) -> bool:
        written = self._path.stat().st_size if self._path.exists() else 0  # FFmpeg creates it with the first packet
        return (self._frames + more) / self._fps > VIDEO_S or written >= VIDEO_MB * 2**20

"""Files of a LeRobot dataset: tables of ``meta/``, and numbered tables and videos, the next when one is full."""

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
ROWS = 64  # of ``meta/episodes``, that are written at once
CHUNKS_SIZE = 1000  # files in a folder ``chunk-*``
DATA_MB, VIDEO_MB = 100, 200  # size at which a file is full

# length at which a video is full: LeRobot finds frames by times in float32, to 0.1 ms, and later ones are too coarse
VIDEO_S = 400.0
CONSTANT_RATE_FACTOR = 14  # H.264 quality (0 lossless, 51 worst)
KEY_FRAME_EVERY = 2  # as LeRobot's own videos: any frame is found by decoding two at most
FileIndex = tuple[int, int]  # numbers of folder and file


class RowFile:
    """Rows with the same columns, written `group` at a time to one parquet file; a missing schema is inferred."""

    def __init__(self, path: Path, schema: Any = None, group: int = ROWS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._schema, self._group = path, schema, group
        self._arrow, self._parquet = needed("pyarrow", EXTRA), needed("pyarrow.parquet", EXTRA)
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None

    def write(self, row: dict[str, Any]) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) >= self._group:
            self._flush()

    def close(self) -> None:
        """Write the remaining rows and finish the file."""
        if self._rows:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        table = self._arrow.Table.from_pylist(self._rows, self._schema)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(str(self._path), table.schema, compression="snappy")
        self._writer.write_table(table.cast(self._writer.schema))
        self._rows = []


class _NumberedFiles:
    def __init__(self, root: Path, pattern: str, **names: str) -> None:
        self._root, self._pattern, self._names = root, pattern, names
        self._number = -1
        self._file: Any = None  # the open one

    @property
    def _index(self) -> FileIndex:
        return divmod(self._number, CHUNKS_SIZE)

    def _next_path(self) -> Path:
        """Return the path of the next file, whose folder is created."""
        self._number += 1
        chunk, file = self._index
        self._path = self._root / self._pattern.format(chunk_index=chunk, file_index=file, **self._names)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path

    def close(self) -> None:
        """Finish the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class TableFiles(_NumberedFiles):
    """Tables with one schema, each a row group, in numbered parquet files."""

    def __init__(self, root: Path, schema: Any) -> None:
        super().__init__(root, DATA_PATH)
        self._schema, self._parquet = schema, needed("pyarrow.parquet", EXTRA)

    def write(self, table: Any) -> FileIndex:
        """Write a table and return the numbers of its file."""
        if self._file is not None and self._path.stat().st_size >= DATA_MB * 2**20:
            self.close()
        if self._file is None:
            self._file = self._parquet.ParquetWriter(str(self._next_path()), self._schema, compression="snappy")
        self._file.write_table(table, row_group_size=max(1, len(table)))
        return self._index


class VideoFiles(_NumberedFiles):
    """Episodes one after the other in numbered H.264 videos; an `InputError` if height or width is odd."""

    def __init__(self, root: Path, key: str, size: tuple[int, int], fps: int) -> None:
        if size[0] % 2 or size[1] % 2:
            raise InputError(f"H.264 needs images of even height and width, got {size[0]} x {size[1]}: use PNG")
        super().__init__(root, VIDEO_PATH, video_key=key)
        self._size, self._fps = size, fps
        self._stream: Any = None
        self._frames = 0

    def write(self, images: NDArray[np.uint8]) -> tuple[FileIndex, float, float]:
        """Write an episode's images; return the file's numbers, and the times of the first and after the last, s."""
        if self._file is not None:
            written = self._path.stat().st_size if self._path.exists() else 0  # FFmpeg makes it with the first packet
            if (self._frames + len(images)) / self._fps > VIDEO_S or written >= VIDEO_MB * 2**20:
                self.close()
        if self._file is None:
            self._open()
        first = self._frames
        for image in images:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = self._frames, Fraction(1, self._fps)
            self._file.mux(self._stream.encode(frame))
            self._frames += 1
        return self._index, first / self._fps, self._frames / self._fps

    def close(self) -> None:
        """Write what is buffered and finish the current file."""
        if self._file is not None:
            self._file.mux(self._stream.encode())
        super().close()

    def _open(self) -> None:
        self._file, self._frames = av.open(str(self._next_path()), mode="w", format="mp4"), 0
        options = {"crf": str(CONSTANT_RATE_FACTOR), "preset": "fast", "g": str(KEY_FRAME_EVERY), "bf": "0"}
        self._stream = self._file.add_stream("libx264", rate=self._fps, options=options)
        self._stream.height, self._stream.width = self._size
        self._stream.pix_fmt = "yuv420p"

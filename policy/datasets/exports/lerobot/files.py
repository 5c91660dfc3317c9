"""The numbered files of a LeRobot dataset: when one is full the next begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..extras import needed
from .features import EXTRA
from .video import VideoFile

DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
INFO_PATH, STATS_PATH, TASKS_PATH = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"

CHUNKS_SIZE = 1000
"""Files in a folder ``chunk-*``."""

DATA_MB, VIDEO_MB = 100, 200
"""Size at which a file is full."""

VIDEO_S = 400.0
"""Length at which a video is full: LeRobot looks for frames by times in float32, to 0.1 ms, and that of later frames
is not told apart so finely."""

Place = tuple[int, int]
"""Numbers of folder and file."""


def following(place: Place) -> Place:
    """Return the place after a place."""
    chunk, file = place
    return (chunk, file + 1) if file + 1 < CHUNKS_SIZE else (chunk + 1, 0)


def located(root: Path, pattern: str, place: Place, **names: str) -> Path:
    """Return the path at a place; its folder is made."""
    path = root / pattern.format(chunk_index=place[0], file_index=place[1], **names)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class TableFiles:
    """Tables one after the other, each a row group, in numbered parquet files.

    Args:
        root: The dataset's folder.
        pattern: Of the files' paths.
        schema: Of the tables.
    """

    def __init__(self, root: Path, pattern: str, schema: Any) -> None:
        self._root, self._pattern, self._schema = root, pattern, schema
        self._parquet = needed("pyarrow.parquet", EXTRA)
        self._writer: Any = None
        self._path = root
        self.place: Place = (0, 0)

    def write(self, table: Any) -> Place:
        """Write a table and return the place of its file."""
        if self._writer is not None and self._path.stat().st_size >= DATA_MB * 2**20:
            self.close()
            self.place = following(self.place)
        if self._writer is None:
            self._path = located(self._root, self._pattern, self.place)
            self._writer = self._parquet.ParquetWriter(str(self._path), self._schema, compression="snappy")
        self._writer.write_table(table, row_group_size=max(1, len(table)))
        return self.place

    def close(self) -> None:
        """Finish the file that is being written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class VideoFiles:
    """Episodes one after the other in numbered videos.

    Args:
        root: The dataset's folder.
        key: Of the pictures.
        size: Height and width.
        fps: Pictures a second.
    """

    def __init__(self, root: Path, key: str, size: tuple[int, int], fps: int) -> None:
        self._root, self._key, self._size, self._fps = root, key, size, fps
        self._video: VideoFile | None = None
        self._place: Place = (0, 0)

    def write(self, pictures: Any) -> tuple[Place, float, float]:
        """Write an episode's pictures (n, h, w, 3) and return the place of the file, and from when to when, s."""
        if self._video is not None and self._is_full(len(pictures)):
            self.close()
            self._place = following(self._place)
        if self._video is None:
            path = located(self._root, VIDEO_PATH, self._place, video_key=self._key)
            self._video = VideoFile(path, self._size, self._fps)
        first = self._video.frames
        self._video.write(pictures)
        return self._place, first / self._fps, self._video.frames / self._fps

    def close(self) -> None:
        """Finish the file that is being written."""
        if self._video is not None:
            self._video.close()
            self._video = None

    def _is_full(self, more: int) -> bool:
        assert self._video is not None
        long = (self._video.frames + more) / self._fps > VIDEO_S
        return long or self._video.megabytes >= VIDEO_MB

"""Robot episodes as a LeRobot dataset, codebase version 3.0."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError, unknown_option
from ivg.io.staging import staged_output

from ...episodes import RobotEpisode
from ..extras import needed
from ..images import encode_png
from ..statistics import RunningStatistics, image_rows
from ..steps import ends, rewards, step_arrays
from . import files
from .demonstrations import DemonstrationTable
from .features import ACTION, CODEBASE_VERSION, EXTRA, STATE, STEP_KEYS, arrow_schema, features_of, image_key
from .tables import EpisodesTable, tasks_table

Images = Literal["video", "png"]

IMAGES: tuple[Images, ...] = ("video", "png")
"""How pictures are stored: as H.264, which loses a little, or as PNG in the tables, which loses nothing."""


def export_lerobot(
    path: str | Path,
    episodes: Iterable[RobotEpisode],
    *,
    images: Images = "video",
    camera: str = "front",
    robot: str = "panda",
    overwrite: bool = False,
) -> Path:
    """Write episodes as a LeRobot dataset v3.0; it is there whole or not at all.

    Args:
        path: A folder.
        episodes: At least one, all with pictures of one size and of one whole number of steps a second; a generator is
            drawn from as it is written.
        images: One of `IMAGES`.
        camera: Its name: pictures are ``observation.images.<camera>``.
        robot: The dataset's ``robot_type``.
        overwrite: Replace what stands there.

    Returns:
        The path.

    Raises:
        InputError: If pyarrow is missing, the path exists (and is not to be overwritten), there is no episode, they
            differ in what they should share, or pictures for a video have an odd height or width.
    """
    if images not in IMAGES:
        raise unknown_option("way to store images", images, IMAGES)
    if not camera or set("/.") & set(camera):
        raise InputError(f"a camera's name must hold neither '/' nor '.', got {camera!r}")
    needed("pyarrow", EXTRA)
    with staged_output(path, overwrite=overwrite) as stage, ExitStack() as open_files:
        writer: _Writer | None = None
        for episode in episodes:
            writer = writer or _Writer(stage, episode, images == "video", camera, robot, open_files)
            writer.add(episode)
        if writer is None:
            raise InputError("there is no robot episode to write")
        open_files.close()
        writer.finish()
    return Path(path)


class _Writer:
    """Writes a dataset's files as episodes come; nothing grows with their number but the tables of ``meta/``."""

    def __init__(
        self, root: Path, first: RobotEpisode, video: bool, camera: str, robot: str, open_files: ExitStack
    ) -> None:
        self._root, self._robot, self._picture = root, robot, image_key(camera)
        height, width = first.image.shape[1:3]
        self._size, self._fps = (height, width), _whole(first.fps)
        self._features = features_of(camera, self._size, self._fps, video)
        self._schema = arrow_schema(self._features)
        self._arrow = needed("pyarrow", EXTRA)
        self._statistics = {key: RunningStatistics() for key in self._features}
        self._tasks: dict[str, int] = {}
        self._steps = self._pictures = self._count = 0
        self._data = files.TableFiles(root, files.DATA_PATH, self._schema)
        self._video = files.VideoFiles(root, self._picture, self._size, self._fps) if video else None
        self._episodes = EpisodesTable(root)
        self._demonstrations = DemonstrationTable(root)
        for part in (self._data, self._video, self._episodes, self._demonstrations):
            if part is not None:
                open_files.callback(part.close)

    def add(self, episode: RobotEpisode) -> None:
        """Write an episode."""
        self._check(episode)
        columns = self._columns(episode)
        row: dict[str, Any] = {"episode_index": self._count, "tasks": [episode.text], "length": len(episode)}
        row |= {"dataset_from_index": self._steps, "dataset_to_index": self._steps + len(episode)}
        row |= self._write_pictures(episode, columns)
        row["data/chunk_index"], row["data/file_index"] = self._data.write(self._table(columns, len(episode)))
        self._episodes.write({**row, **self._note_statistics(episode, columns)})
        self._demonstrations.write(episode)
        self._steps += len(episode)
        self._count += 1

    def finish(self) -> None:
        """Write what describes the whole; the files of episodes are closed by then."""
        info = {
            "codebase_version": CODEBASE_VERSION,
            "robot_type": self._robot,
            "total_episodes": self._count,
            "total_frames": self._steps,
            "total_tasks": len(self._tasks),
            "chunks_size": files.CHUNKS_SIZE,
            "data_files_size_in_mb": files.DATA_MB,
            "video_files_size_in_mb": files.VIDEO_MB,
            "fps": self._fps,
            "splits": {"train": f"0:{self._count}"},
            "data_path": files.DATA_PATH,
            "video_path": files.VIDEO_PATH if self._video is not None else None,
            "features": self._features,
        }
        told = {key: self._told(key, statistics) for key, statistics in self._statistics.items()}
        (self._root / files.INFO_PATH).write_text(json.dumps(info, indent=4) + "\n")
        (self._root / files.STATS_PATH).write_text(json.dumps(told, indent=4) + "\n")
        needed("pyarrow.parquet", EXTRA).write_table(tasks_table(list(self._tasks)), self._root / files.TASKS_PATH)

    def _columns(self, episode: RobotEpisode) -> dict[str, NDArray[Any]]:
        """Return the numbers of an episode by feature, (n, width) or (n,)."""
        steps, task = len(episode), self._tasks.setdefault(episode.text, len(self._tasks))
        frames, done = np.arange(steps), ends(episode)
        columns: dict[str, NDArray[Any]] = {STATE: episode.proprio, ACTION: episode.action}
        columns |= {STEP_KEYS[name]: values for name, values in step_arrays(episode).items()}
        columns |= {"next.reward": rewards(episode), "next.done": done, "next.success": done & episode.success}
        columns |= {"timestamp": (frames / self._fps).astype(np.float32), "frame_index": frames}
        columns |= {"episode_index": np.full(steps, self._count), "index": self._steps + frames}
        return {**columns, "task_index": np.full(steps, task)}

    def _write_pictures(self, episode: RobotEpisode, columns: dict[str, Any]) -> dict[str, Any]:
        """Write an episode's pictures, or add them to the columns; return what its row says of them."""
        if self._video is None:
            columns[self._picture] = [{"bytes": encode_png(picture), "path": None} for picture in episode.image]
            return {}
        (chunk, file), start, end = self._video.write(episode.image)
        where = {"chunk_index": chunk, "file_index": file, "from_timestamp": start, "to_timestamp": end}
        return {f"videos/{self._picture}/{name}": value for name, value in where.items()}

    def _table(self, columns: dict[str, Any], steps: int) -> Any:
        arrays = []
        for field in self._schema:
            values = columns[field.name]
            if self._arrow.types.is_fixed_size_list(field.type):
                flat = self._arrow.array(np.ascontiguousarray(values).ravel(), field.type.value_type)
                arrays.append(self._arrow.FixedSizeListArray.from_arrays(flat, field.type.list_size))
            else:
                values = values.reshape(steps) if isinstance(values, np.ndarray) else values
                arrays.append(self._arrow.array(values, field.type))
        return self._arrow.table(arrays, schema=self._schema)

    def _note_statistics(self, episode: RobotEpisode, columns: dict[str, Any]) -> dict[str, Any]:
        """Take an episode into the statistics; return its own as columns of its row."""
        pixels, pictures = image_rows(episode)
        self._pictures += pictures
        told: dict[str, Any] = {}
        for key, statistics in self._statistics.items():
            rows = pixels if key == self._picture else columns[key].reshape(len(episode), -1)
            own = RunningStatistics()
            for each in (own, statistics):
                each.update(rows)
            values = self._told(key, own, pictures)
            told |= {f"stats/{key}/{name}": value for name, value in values.items()}
        return told

    def _told(self, key: str, statistics: RunningStatistics, pictures: int | None = None) -> dict[str, list[float]]:
        if key == self._picture:
            return statistics.result((3, 1, 1), self._pictures if pictures is None else pictures)
        return statistics.result()

    def _check(self, episode: RobotEpisode) -> None:
        if _whole(episode.fps) != self._fps:
            raise InputError(f"a LeRobot dataset has one number of steps a second: {self._fps}, got {episode.fps:g}")
        if episode.image.shape[1:3] != self._size:
            got = episode.image.shape[1:3]
            raise InputError(f"all pictures of a dataset must have one size: {self._size}, got {tuple(got)}")


def _whole(fps: float) -> int:
    if fps != round(fps):
        raise InputError(f"LeRobot counts a whole number of steps a second, got {fps:g}")
    return round(fps)

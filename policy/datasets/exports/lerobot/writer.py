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
from ivg.io.extras import needed
from ivg.io.images import encode_png
from ivg.io.staging import staged_output

from ...episode import RobotEpisode
from ..steps import RunningStatistics, check_image_size, ends, image_rows, rewards, step_arrays
from . import features, files
from .features import ACTION, EXTRA, STATE, STEP_KEYS

Images = Literal["video", "png"]
IMAGES: tuple[Images, ...] = ("video", "png")  # H.264, which loses a little, or PNG in the tables, which loses nothing


def export_lerobot(
    path: str | Path,
    episodes: Iterable[RobotEpisode],
    *,
    images: Images = "video",
    camera: str = "front",
    robot: str = "panda",
    overwrite: bool = False,
) -> Path:
    """Write episodes as a LeRobot dataset v3.0, a folder; it is there whole or not at all.

    All need images of one size and one whole number of steps per second. `images` is one of `IMAGES`; those of the
    `camera` are ``observation.images.<camera>``. `robot` is the dataset's ``robot_type``.

    Raises:
        InputError: As `export_dataset` does, or if images for a video have an odd height or width.
    """
    if images not in IMAGES:
        raise unknown_option("storage of images", images, IMAGES)
    if not camera or set("/.") & set(camera):
        raise InputError(f"a camera's name must hold neither '/' nor '.', got {camera!r}")
    needed("pyarrow", EXTRA)
    with staged_output(path, overwrite=overwrite) as stage, ExitStack() as open_files:
        writer: _Writer | None = None
        for episode in episodes:
            writer = writer or _Writer(stage, episode, images == "video", camera, open_files)
            writer.add(episode)
        if writer is None:
            raise InputError("there is no robot episode to write")
        open_files.close()
        writer.finish(robot)
    return Path(path)


class _Writer:
    """Writes a dataset's files as episodes come; nothing grows with their number but the tables of ``meta/``."""

    def __init__(self, root: Path, first: RobotEpisode, video: bool, camera: str, open_files: ExitStack) -> None:
        self._root, self._image = root, features.image_key(camera)
        height, width = first.image.shape[1:3]
        self._size, self._fps = (height, width), _whole(first.fps)
        self._features = features.features_of(camera, self._size, self._fps, video)
        self._schema = features.arrow_schema(self._features)
        self._statistics = {key: RunningStatistics() for key in self._features}
        self._tasks: dict[str, int] = {}
        self._steps = self._images = self._count = 0
        self._data = files.TableFiles(root, self._schema)
        self._video = files.VideoFiles(root, self._image, self._size, self._fps) if video else None
        self._episodes = files.RowFile(root / features.EPISODES_PATH)
        schema = features.demonstrations_schema()
        self._demonstrations = files.RowFile(root / features.DEMONSTRATIONS_PATH, schema, group=1)
        for part in (self._data, self._video, self._episodes, self._demonstrations):
            if part is not None:
                open_files.callback(part.close)

    def add(self, episode: RobotEpisode) -> None:
        if _whole(episode.fps) != self._fps:
            raise InputError(f"a LeRobot dataset has one number of steps per second: {self._fps}, got {episode.fps:g}")
        check_image_size(self._size, episode)
        columns = self._columns(episode)
        row: dict[str, Any] = {"episode_index": self._count, "tasks": [episode.text], "length": len(episode)}
        row |= {"dataset_from_index": self._steps, "dataset_to_index": self._steps + len(episode)}
        row |= self._write_images(episode, columns)
        row["data/chunk_index"], row["data/file_index"] = self._data.write(self._table(columns, len(episode)))
        row |= {**self._add_statistics(episode, columns), "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}
        self._episodes.write(row)
        self._demonstrations.write(features.demonstration_row(episode))
        self._steps += len(episode)
        self._count += 1

    def finish(self, robot: str) -> None:
        """Write what describes the whole, after the files of episodes were closed."""
        info = {
            "codebase_version": features.CODEBASE_VERSION,
            "robot_type": robot,
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
        results = {key: self._result(key, statistics, self._images) for key, statistics in self._statistics.items()}
        (self._root / features.INFO_PATH).write_text(json.dumps(info, indent=4) + "\n")
        (self._root / features.STATS_PATH).write_text(json.dumps(results, indent=4) + "\n")
        tasks = features.tasks_table(list(self._tasks))
        needed("pyarrow.parquet", EXTRA).write_table(tasks, self._root / features.TASKS_PATH)

    def _columns(self, episode: RobotEpisode) -> dict[str, Any]:
        steps, task = len(episode), self._tasks.setdefault(episode.text, len(self._tasks))
        frames, done = np.arange(steps), ends(episode)
        columns: dict[str, NDArray[Any]] = {STATE: episode.proprio, ACTION: episode.action}
        columns |= {STEP_KEYS[name]: values for name, values in step_arrays(episode).items()}
        columns |= {"next.reward": rewards(episode), "next.done": done, "next.success": done & episode.success}
        columns |= {"timestamp": (frames / self._fps).astype(np.float32), "frame_index": frames}
        columns |= {"episode_index": np.full(steps, self._count), "index": self._steps + frames}
        return {**columns, "task_index": np.full(steps, task)}

    def _write_images(self, episode: RobotEpisode, columns: dict[str, Any]) -> dict[str, Any]:
        """Write images to the video, or add them to the columns; return the row's columns about them."""
        if self._video is None:
            columns[self._image] = [{"bytes": encode_png(image), "path": None} for image in episode.image]
            return {}
        (chunk, file), start, end = self._video.write(episode.image)
        where = {"chunk_index": chunk, "file_index": file, "from_timestamp": start, "to_timestamp": end}
        return {f"videos/{self._image}/{name}": value for name, value in where.items()}

    def _table(self, columns: dict[str, Any], steps: int) -> Any:
        arrow = needed("pyarrow", EXTRA)
        arrays = []
        for field in self._schema:
            values = columns[field.name]
            if arrow.types.is_fixed_size_list(field.type):
                flat = arrow.array(np.ascontiguousarray(values).ravel(), field.type.value_type)
                arrays.append(arrow.FixedSizeListArray.from_arrays(flat, field.type.list_size))
            else:
                values = values.reshape(steps) if isinstance(values, np.ndarray) else values
                arrays.append(arrow.array(values, field.type))
        return arrow.table(arrays, schema=self._schema)

    def _add_statistics(self, episode: RobotEpisode, columns: dict[str, Any]) -> dict[str, Any]:
        """Add an episode to the statistics; return its own as columns of its row."""
        pixels, images = image_rows(episode)
        self._images += images
        row: dict[str, Any] = {}
        for key, statistics in self._statistics.items():
            rows = pixels if key == self._image else columns[key].reshape(len(episode), -1)
            own = RunningStatistics()
            for each in (own, statistics):
                each.update(rows)
            row |= {f"stats/{key}/{name}": value for name, value in self._result(key, own, images).items()}
        return row

    def _result(self, key: str, statistics: RunningStatistics, images: int) -> dict[str, list[float]]:
        return statistics.result((3, 1, 1), images) if key == self._image else statistics.result()


def _whole(fps: float) -> int:
    if fps != round(fps):
        raise InputError(f"LeRobot needs a whole number of steps per second, got {fps:g}")
    return round(fps)

"""A LeRobot dataset v3.0 on disk, read episode by episode."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ivg.errors import StoreError
from ivg.io.extras import needed
from ivg.io.images import decode_image, resized

from ..feature_map import Feature
from .features import COUNTERS, EXTRA, INFO_PATH, TASKS_PATH

ROWS = 256  # that are read at once
_NUMBERS = ("float", "int", "bool")  # how the names of their dtypes begin


class LeRobotFolder:
    """A LeRobot dataset, with the keys of its `images` and its other `features`.

    `rows` has one row per episode: length, numbers of its files, times in videos; `texts` sentences by `task_index`.

    Raises:
        InputError: If pyarrow is missing.
        StoreError: If there is no such dataset, or it is of another version or incomplete.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._parquet, self._arrow = needed("pyarrow.parquet", EXTRA), needed("pyarrow", EXTRA)
        self.info = _info(self.root)
        self.fps = float(self.info["fps"])
        features = self.info["features"].items()
        self.images = [key for key, feature in features if feature["dtype"] in ("image", "video")]
        kinds = {key: _feature(feature) for key, feature in features if feature["dtype"].startswith(_NUMBERS)}
        self.features = {key: feature for key, feature in kinds.items() if key not in COUNTERS}
        try:
            self.rows = self._episode_rows()
            self.texts = self._task_texts()
        except (OSError, self._arrow.ArrowException, KeyError) as error:
            raise StoreError(f"'{self.root}' is an incomplete LeRobot dataset: {error}") from error

    def tables(self) -> Iterator[Any]:
        """Read the tables of all episodes in order; a `StoreError` if one is missing or of another length."""
        number = -1
        for number, table in enumerate(_by_episode(self._batches())):
            length = self.rows[number]["length"] if number < len(self.rows) else 0
            if len(table) != length:
                raise StoreError(f"'{self.root}': episode {number} has {len(table)} steps, meta/episodes says {length}")
            yield table.combine_chunks()
        if number + 1 != len(self.rows):
            raise StoreError(f"'{self.root}' holds {number + 1} of {len(self.rows)} episodes")

    def read_images(self, key: str, number: int, table: Any, size: tuple[int, int] | None) -> NDArray[np.uint8]:
        """Read an episode's images, uint8 (n, h, w, 3), resized to a height and width if given."""
        if self.info["features"][key]["dtype"] == "image":
            packed = table.column(key).to_pylist()
            return np.stack([resized(decode_image(cell["bytes"] or b""), size) for cell in packed])
        row = self.rows[number]
        file = {name: row[f"videos/{key}/{name}"] for name in ("chunk_index", "file_index")}
        path = self.root / self.info["video_path"].format(video_key=key, **file)
        return video_frames(path, row[f"videos/{key}/from_timestamp"], row["length"], self.fps, size)

    def _episode_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for path in sorted((self.root / "meta" / "episodes").glob("*/*.parquet")):
            names = [name for name in self._parquet.read_schema(path).names if not name.startswith("stats/")]
            rows += self._parquet.read_table(path, columns=names).to_pylist()
        return sorted(rows, key=lambda row: int(row["episode_index"]))

    def _task_texts(self) -> dict[int, str]:
        table = self._parquet.read_table(self.root / TASKS_PATH)
        texts = [field.name for field in table.schema if "string" in str(field.type)]
        if not texts:
            raise KeyError(f"{TASKS_PATH} has no column of sentences")
        return dict(zip(table.column("task_index").to_pylist(), table.column(texts[0]).to_pylist(), strict=True))

    def _batches(self) -> Iterator[Any]:
        for path in sorted((self.root / "data").glob("*/*.parquet")):
            with self._parquet.ParquetFile(path) as file:
                yield from (self._arrow.Table.from_batches([batch]) for batch in file.iter_batches(batch_size=ROWS))


def numbers(table: Any, key: str) -> NDArray[Any]:
    """Return a column of a table as (n, width)."""
    column = table.column(key).combine_chunks()
    while hasattr(column.type, "value_type") and hasattr(column, "flatten") and "list" in str(column.type):
        column = column.flatten()
    return np.asarray(column.to_numpy(zero_copy_only=False)).reshape(len(table), -1)


def _by_episode(tables: Iterable[Any]) -> Iterator[Any]:
    concat = needed("pyarrow", EXTRA).concat_tables
    waiting: list[Any] = []
    current = None
    for table in tables:
        episodes = table.column("episode_index").to_numpy()
        bounds = [0, *(np.flatnonzero(np.diff(episodes)) + 1).tolist(), len(episodes)]
        for start, end in itertools.pairwise(bounds):
            if waiting and episodes[start] != current:
                yield concat(waiting)
                waiting = []
            current = episodes[start]
            waiting.append(table.slice(start, end - start))
    if waiting:
        yield concat(waiting)


def _info(root: Path) -> dict[str, Any]:
    try:
        info: dict[str, Any] = json.loads((root / INFO_PATH).read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"'{root}' is no LeRobot dataset: cannot read {INFO_PATH}: {error}") from error
    version = str(info.get("codebase_version", "none"))
    if not version.startswith("v3."):
        raise StoreError(
            f"'{root}' is of LeRobot's codebase version {version}, v3.0 is read: convert it with LeRobot's "
            "lerobot.datasets.v30.convert_dataset_v21_to_v30"
        )
    missing = [key for key in ("fps", "features", "data_path") if key not in info]
    if missing:
        raise StoreError(f"{INFO_PATH} of '{root}' lacks {', '.join(missing)}")
    return info


def _feature(feature: Mapping[str, Any]) -> Feature:
    width = int(np.prod(feature["shape"], dtype=np.int64))
    names = _flat(feature.get("names"))
    return Feature(width, tuple(names) if len(names) == width else ())


def _flat(names: Any) -> list[str]:
    """Return the names of numbers, which LeRobot keeps in lists or in lists by group."""
    if isinstance(names, Mapping | list):
        return [name for value in (names.values() if isinstance(names, Mapping) else names) for name in _flat(value)]
    return [] if names is None else [str(names)]


def video_frames(
    path: Path, start_s: float, count: int, fps: float, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Read `count` frames from a time on, uint8 (count, h, w, 3); a `StoreError` if the video fails or ends before."""
    frames: list[NDArray[np.uint8]] = []
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            begin = float((stream.start_time or 0) * (stream.time_base or 0))
            container.seek(max(0, int((begin + start_s - 0.5 / fps) * av.time_base)))
            for frame in container.decode(stream):
                if (frame.time or 0.0) - begin > start_s - 0.5 / fps:
                    frames.append(resized(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), size))
                if len(frames) == count:
                    break
    except (av.FFmpegError, OSError, IndexError) as error:
        raise StoreError(f"cannot read video '{path}': {error}") from error
    if len(frames) < count:
        raise StoreError(f"'{path}' has {len(frames)} frames from {start_s:g} s on, {count} are needed")
    return np.stack(frames)

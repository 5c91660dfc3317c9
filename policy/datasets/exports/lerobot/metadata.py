"""The tables in ``meta/`` of a LeRobot dataset, and our own in ``meta/ivg/episodes.parquet``, one row per episode.

The latter holds what LeRobot has no column for, so that an import gives back the very episodes that were exported: the
demonstration (its frames as PNG), seed, success, provenance. Its ``length`` tells whether a row still fits its episode.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import StoreError
from ivg.io.extras import needed
from ivg.io.images import decode_image, encode_png
from ivg.types import HANDS, JOINTS

from ...episode import PLAN_POINTS, RobotEpisode
from .features import EXTRA

INFO_PATH, STATS_PATH, TASKS_PATH = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
EPISODES_PATH = "meta/episodes/chunk-000/file-000.parquet"
DEMONSTRATIONS_PATH = "meta/ivg/episodes.parquet"

ROWS = 64  # of ``meta/episodes``, that are written at once

_SHAPES = {
    "demo_keypoints": (-1, len(HANDS), JOINTS, 2),
    "demo_present": (-1, len(HANDS)),
    "demo_path": (-1, 8),
    "demo_plan": (PLAN_POINTS, 8),
}
_TEXTS, _NUMBERS = ("task", "text"), {"seed": int, "success": bool, "fps": float, "demo_fps": float}


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


def demonstrations_schema() -> Any:
    """Return the schema of our own table."""
    arrow = needed("pyarrow", EXTRA)
    numbers = {"seed": arrow.int64(), "success": arrow.bool_(), "fps": arrow.float64(), "demo_fps": arrow.float64()}
    fields = {"length": arrow.int64(), **{name: arrow.string() for name in _TEXTS}, **numbers}
    fields |= {"provenance": arrow.string(), **{name: arrow.list_(arrow.float32()) for name in _SHAPES}}
    return arrow.schema({**fields, "demo_clip": arrow.list_(arrow.binary())})


def demonstration_row(episode: RobotEpisode) -> dict[str, Any]:
    """Return an episode's row of our own table."""
    row: dict[str, Any] = {"length": len(episode), "provenance": json.dumps(episode.provenance, sort_keys=True)}
    row |= {name: getattr(episode, name) for name in (*_TEXTS, *_NUMBERS)}
    row |= {name: getattr(episode, name).ravel() for name in _SHAPES}
    return {**row, "demo_clip": [encode_png(frame) for frame in episode.demo_clip]}


def read_demonstrations(root: Path, lengths: list[int]) -> Iterator[dict[str, Any]] | None:
    """Read our own table as arguments of `RobotEpisode`s of these lengths; None if the dataset has no such table.

    Raises:
        StoreError: If the rows belong to other episodes.
    """
    path = root / DEMONSTRATIONS_PATH
    if not path.exists():
        return None
    parquet = needed("pyarrow.parquet", EXTRA)
    if parquet.read_table(path, columns=["length"]).column("length").to_pylist() != lengths:
        raise StoreError(
            f"'{path}' belongs to other episodes: the dataset was changed after its export. Remove "
            f"'{path.parent}' to import it without demonstrations"
        )
    return _arguments(parquet.ParquetFile(path))


def _arguments(file: Any) -> Iterator[dict[str, Any]]:
    with file:
        for batch in file.iter_batches(batch_size=1):
            (row,) = batch.to_pylist()
            arguments = {name: row[name] for name in _TEXTS}
            arguments |= {name: kind(row[name]) for name, kind in _NUMBERS.items()}
            arguments |= {name: np.array(row[name], np.float32).reshape(shape) for name, shape in _SHAPES.items()}
            arguments["demo_clip"] = np.stack([decode_image(packed) for packed in row["demo_clip"]])
            yield {**arguments, "provenance": json.loads(row["provenance"])}


def tasks_table(texts: list[str]) -> Any:
    """Return the table of tasks as pandas stores a table whose index are the sentences, where LeRobot looks them up."""
    arrow = needed("pyarrow", EXTRA)
    index = "__index_level_0__"
    text = {"pandas_type": "unicode", "numpy_type": "object"}
    number = {"pandas_type": "int64", "numpy_type": "int64"}
    pandas = {
        "index_columns": [index],
        "column_indexes": [{"name": None, "field_name": None, **text, "metadata": {"encoding": "UTF-8"}}],
        "columns": [
            {"name": "task_index", "field_name": "task_index", **number, "metadata": None},
            {"name": None, "field_name": index, **text, "metadata": None},
        ],
        "creator": {"library": "pyarrow", "version": arrow.__version__},
        "pandas_version": "2.0.0",
    }
    fields = [arrow.field("task_index", arrow.int64()), arrow.field(index, arrow.string())]
    schema = arrow.schema(fields, metadata={"pandas": json.dumps(pandas)})
    return arrow.table([arrow.array(range(len(texts)), arrow.int64()), arrow.array(texts, arrow.string())], schema)

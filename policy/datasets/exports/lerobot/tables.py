"""The tables in ``meta/`` of a LeRobot dataset: of its episodes and of its tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..extras import needed
from .features import EXTRA
from .files import EPISODES_PATH, located

ROWS = 64
"""Episodes that are written at once."""


class EpisodesTable:
    """A row an episode: its length, its files and times in them, its statistics. One file.

    Args:
        root: The dataset's folder.
    """

    def __init__(self, root: Path) -> None:
        self._path = located(root, EPISODES_PATH, (0, 0))
        self._arrow, self._parquet = needed("pyarrow", EXTRA), needed("pyarrow.parquet", EXTRA)
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None

    def write(self, row: dict[str, Any]) -> None:
        """Take in an episode's row; all have the same columns."""
        self._rows.append({**row, "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
        if len(self._rows) >= ROWS:
            self._flush()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        table = self._arrow.Table.from_pylist(self._rows)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(str(self._path), table.schema, compression="snappy")
        self._writer.write_table(table.cast(self._writer.schema))
        self._rows = []


def tasks_table(texts: list[str]) -> Any:
    """Return the table of tasks: sentences and their numbers, as pandas stores a table whose index are the sentences.

    LeRobot looks a sentence up by its row and reads it from the index.
    """
    arrow = needed("pyarrow", EXTRA)
    index = "__index_level_0__"
    columns: list[dict[str, Any]] = [
        {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"},
        {"name": None, "field_name": index, "pandas_type": "unicode", "numpy_type": "object"},
    ]
    told = {
        "index_columns": [index],
        "column_indexes": [
            {
                "name": None,
                "field_name": None,
                "pandas_type": "unicode",
                "numpy_type": "object",
                "metadata": {"encoding": "UTF-8"},
            }
        ],
        "columns": [{**column, "metadata": None} for column in columns],
        "creator": {"library": "pyarrow", "version": arrow.__version__},
        "pandas_version": "2.0.0",
    }
    fields = [arrow.field("task_index", arrow.int64()), arrow.field(index, arrow.string())]
    schema = arrow.schema(fields, metadata={"pandas": json.dumps(told)})
    return arrow.table([arrow.array(range(len(texts)), arrow.int64()), arrow.array(texts, arrow.string())], schema)

"""What a LeRobot dataset has no place for, beside it in ``meta/ivg/episodes.parquet``: a row an episode.

========================  ==================  ===================================================================
column                    kind                content
========================  ==================  ===================================================================
``length``                int64               steps, to see that the row still belongs to the episode
``task``, ``text``        string              name and sentence
``seed``, ``success``     int64, bool         of scene and demonstration; what the predicate said
``fps``, ``demo_fps``     float64             of the steps, of the demonstration
``provenance``            string              JSON
``demo_keypoints``        list of float32     (t, 2, 21, 2)
``demo_present``          list of float32     (t, 2)
``demo_path``             list of float32     (t, 8)
``demo_plan``             list of float32     (32, 8)
``demo_clip``             list of binary      t pictures, PNG
========================  ==================  ===================================================================

LeRobot passes over the file. With it an import gives back the very episodes that were exported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import StoreError
from ivg.types import HANDS, JOINTS

from ....conditioning.observation import PLAN_POINTS
from ...episodes import RobotEpisode
from ..extras import needed
from ..images import decode_image, encode_png
from .features import EXTRA

PLACE = "meta/ivg/episodes.parquet"

_SHAPES = {
    "demo_keypoints": (-1, len(HANDS), JOINTS, 2),
    "demo_present": (-1, len(HANDS)),
    "demo_path": (-1, 8),
    "demo_plan": (PLAN_POINTS, 8),
}
_TEXTS, _NUMBERS = ("task", "text"), {"seed": int, "success": bool, "fps": float, "demo_fps": float}


class DemonstrationTable:
    """Writes the table, a row group an episode.

    Args:
        root: The dataset's folder.
    """

    def __init__(self, root: Path) -> None:
        arrow, parquet = needed("pyarrow", EXTRA), needed("pyarrow.parquet", EXTRA)
        numbers = {"seed": arrow.int64(), "success": arrow.bool_(), "fps": arrow.float64(), "demo_fps": arrow.float64()}
        fields = {"length": arrow.int64(), **{name: arrow.string() for name in _TEXTS}, **numbers}
        fields |= {"provenance": arrow.string(), **{name: arrow.list_(arrow.float32()) for name in _SHAPES}}
        fields["demo_clip"] = arrow.list_(arrow.binary())
        path = root / PLACE
        path.parent.mkdir(parents=True, exist_ok=True)
        self._arrow, self._schema = arrow, arrow.schema(fields)
        self._writer = parquet.ParquetWriter(str(path), self._schema, compression="snappy")

    def write(self, episode: RobotEpisode) -> None:
        """Write an episode's row."""
        row: dict[str, Any] = {"length": len(episode), "provenance": json.dumps(episode.provenance, sort_keys=True)}
        row |= {name: getattr(episode, name) for name in (*_TEXTS, *_NUMBERS)}
        row |= {name: getattr(episode, name).ravel() for name in _SHAPES}
        row["demo_clip"] = [encode_png(frame) for frame in episode.demo_clip]
        self._writer.write_table(self._arrow.table({key: [value] for key, value in row.items()}, self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def read_demonstrations(root: Path, lengths: list[int]) -> Iterator[dict[str, Any]] | None:
    """Read the rows one by one as arguments of a `RobotEpisode`; None if the dataset has no such table.

    Raises:
        StoreError: If the rows do not belong to episodes of these lengths.
    """
    path = root / PLACE
    if not path.exists():
        return None
    parquet = needed("pyarrow.parquet", EXTRA)
    if parquet.read_table(path, columns=["length"]).column("length").to_pylist() != lengths:
        raise StoreError(
            f"'{path}' belongs to other episodes: the dataset was changed after its export. Remove "
            f"'{path.parent}' to import it without demonstrations"
        )
    return _rows(parquet.ParquetFile(path))


def _rows(file: Any) -> Iterator[dict[str, Any]]:
    with file:
        for batch in file.iter_batches(batch_size=1):
            (row,) = batch.to_pylist()
            arguments = {name: row[name] for name in _TEXTS}
            arguments |= {name: kind(row[name]) for name, kind in _NUMBERS.items()}
            arguments |= {name: np.array(row[name], np.float32).reshape(shape) for name, shape in _SHAPES.items()}
            arguments["demo_clip"] = np.stack([decode_image(packed) for packed in row["demo_clip"]])
            yield {**arguments, "provenance": json.loads(row["provenance"])}

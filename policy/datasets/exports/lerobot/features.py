"""How LeRobot v3.0 describes a dataset: features of ``meta/info.json``, columns of tables, and our own table.

LeRobot's policies (act, diffusion) take ``observation.environment_state`` as a condition and ignore ``demo.*``: a
phase, which a robot does not know, is no observation. ``meta/ivg/episodes.parquet`` holds what LeRobot has no column
for, so that an import gives back the very episodes that were exported: the demonstration (its frames as PNG), seed,
success, provenance. Its ``length`` tells whether a row still fits its episode.
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

from ...episode import FACTS, RobotEpisode, no_demonstration
from ..steps import ACTION_NAMES, PROPRIO_NAMES, WIDTHS

INFO_PATH, STATS_PATH, TASKS_PATH = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
EPISODES_PATH = "meta/episodes/chunk-000/file-000.parquet"
DEMONSTRATIONS_PATH = "meta/ivg/episodes.parquet"
_SHAPES = {name: (-1, *array.shape[1:]) for name, array in no_demonstration().items()}
CODEBASE_VERSION = "v3.0"
EXTRA = "lerobot"
STATE, ENVIRONMENT, ACTION = "observation.state", "observation.environment_state", "action"

# LeRobot's keys of the arrays of `ivg.policy.datasets.exports.steps`
STEP_KEYS = {
    "demo_plan": ENVIRONMENT,
    "demo_path": "demo.path",
    "demo_keypoints": "demo.keypoints",
    "phase": "demo.phase",
    "plan_phase": "demo.plan_phase",
}

# columns that every LeRobot dataset has
COUNTERS = {"timestamp": "float32", **dict.fromkeys(("frame_index", "episode_index", "index", "task_index"), "int64")}
_SCALARS = {"next.reward": "float32", "next.done": "bool", "next.success": "bool", **COUNTERS}
Feature = dict[str, Any]


def image_key(camera: str) -> str:
    """Return the key of a camera's images."""
    return f"observation.images.{camera}"


def features_of(camera: str, size: tuple[int, int], fps: int, video: bool) -> dict[str, Feature]:
    """Return the features of a dataset with images of height and width `size`."""
    image = _feature("video" if video else "image", [*size, 3], ["height", "width", "channels"])
    if video:
        codec = {"video.codec": "h264", "video.pix_fmt": "yuv420p", "video.is_depth_map": False}
        rates = {"video.fps": fps, "video.channels": 3, "has_audio": False}
        image["info"] = {"video.height": size[0], "video.width": size[1], **codec, **rates}
    features = {
        image_key(camera): image,
        STATE: _feature("float32", [len(PROPRIO_NAMES)], list(PROPRIO_NAMES)),
        ACTION: _feature("float32", [len(ACTION_NAMES)], list(ACTION_NAMES)),
    }
    features |= {key: _feature("float32", [WIDTHS[name]]) for name, key in STEP_KEYS.items()}
    return features | {key: _feature(dtype, [1]) for key, dtype in _SCALARS.items()}


def _feature(dtype: str, shape: list[int], names: list[str] | None = None) -> Feature:
    return {"dtype": dtype, "shape": shape, "names": names}


def arrow_schema(features: dict[str, Feature]) -> Any:
    """Return the schema of the tables in ``data/``, with the metadata of the package datasets."""
    arrow = needed("pyarrow", EXTRA)
    described: dict[str, Any] = {}
    fields = []
    for key, feature in features.items():
        if feature["dtype"] == "video":
            continue
        if feature["dtype"] == "image":
            kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
            described[key] = {"_type": "Image"}
        else:
            kind = arrow.bool_() if feature["dtype"] == "bool" else getattr(arrow, feature["dtype"])()
            described[key] = {"dtype": feature["dtype"], "_type": "Value"}
        if feature["dtype"] != "image" and feature["shape"] != [1]:
            (width,) = feature["shape"]
            kind = arrow.list_(kind, width)
            described[key] = {"feature": described[key], "length": width, "_type": "List"}
        fields.append(arrow.field(key, kind))
    return arrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": described}})})


def demonstrations_schema() -> Any:
    """Return the schema of our own table."""
    arrow = needed("pyarrow", EXTRA)
    kinds = {str: arrow.string(), int: arrow.int64(), bool: arrow.bool_(), float: arrow.float64()}
    fields = {"length": arrow.int64(), **{name: kinds[kind] for name, kind in FACTS.items()}}
    fields |= {"provenance": arrow.string(), **{name: arrow.list_(arrow.float32()) for name in _SHAPES}}
    return arrow.schema({**fields, "demo_clip": arrow.list_(arrow.binary())})


def demonstration_row(episode: RobotEpisode) -> dict[str, Any]:
    """Return an episode's row of our own table."""
    row: dict[str, Any] = {"length": len(episode), "provenance": json.dumps(episode.provenance, sort_keys=True)}
    row |= {name: getattr(episode, name) for name in FACTS}
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
            arguments = {name: kind(row[name]) for name, kind in FACTS.items()}
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

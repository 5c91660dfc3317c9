"""How LeRobot v3.0 describes the arrays of an episode: the features of ``meta/info.json`` and columns of tables.

LeRobot's policies (act, diffusion) take ``observation.environment_state`` as a condition and ignore ``demo.*``: a
phase, which a robot does not know, is no observation.
"""

from __future__ import annotations

import json
from typing import Any

from ivg.io.extras import needed

from ..steps import ACTION_NAMES, PROPRIO_NAMES, WIDTHS

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

"""How LeRobot v3.0 describes the arrays of an episode: the features of ``meta/info.json`` and columns of tables.

===============================  =========  =========================================================================
feature                          shape      content
===============================  =========  =========================================================================
``observation.images.<camera>``  (h, w, 3)  picture
``observation.state``            (16,)      proprioception
``observation.environment_state``  (256,)   the demonstration's plan, the same in every step: LeRobot's policies
                                            (act, diffusion) take this key as a condition
``action``                       (7,)       in [-1, 1]
``demo.path``                    (8,)       the demonstration's gripper path at the step's phase
``demo.keypoints``               (84,)      its hand joints there
``demo.phase``                   (1,)       where in the demonstration the step belongs, in [0, 1]
``demo.plan_phase``              (1,)       where on the way of its plan the step led to, in [0, 1]
``next.reward``                  (1,)       1 in the last step of a success
``next.done``, ``next.success``  (1,)       true in the last step; of a success
===============================  =========  =========================================================================

Policies pass over features whose names begin neither with ``observation`` nor with ``action``, so that ``demo.*``
does no harm, and a phase, which no robot is told, is no observation.
"""

from __future__ import annotations

import json
from typing import Any

from ..extras import needed
from ..steps import ACTION_NAMES, PROPRIO_NAMES, WIDTHS

CODEBASE_VERSION = "v3.0"

EXTRA = "lerobot"

STATE, ENVIRONMENT, ACTION = "observation.state", "observation.environment_state", "action"

STEP_KEYS = {
    "demo_plan": ENVIRONMENT,
    "demo_path": "demo.path",
    "demo_keypoints": "demo.keypoints",
    "phase": "demo.phase",
    "plan_phase": "demo.plan_phase",
}
"""LeRobot's keys of the arrays of `ivg.policy.datasets.exports.steps`."""

COUNTERS = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
"""Columns that every LeRobot dataset has."""

Feature = dict[str, Any]


def image_key(camera: str) -> str:
    """Return the key of a camera's pictures."""
    return f"observation.images.{camera}"


def features_of(camera: str, size: tuple[int, int], fps: int, video: bool) -> dict[str, Feature]:
    """Return the features of a dataset with pictures of height and width `size`."""
    state_and_action = {
        image_key(camera): _picture(size, fps, video),
        STATE: _numbers(16, list(PROPRIO_NAMES)),
        ACTION: _numbers(7, list(ACTION_NAMES)),
    }
    steps = {key: _numbers(WIDTHS[name], None) for name, key in STEP_KEYS.items()}
    ends = {"next.reward": _scalar("float32"), "next.done": _scalar("bool"), "next.success": _scalar("bool")}
    return {**state_and_action, **steps, **ends, **{key: _scalar(dtype) for key, dtype in COUNTERS.items()}}


def arrow_schema(features: dict[str, Feature]) -> Any:
    """Return the schema of the tables in ``data/``, with what the package datasets wants to know of it."""
    arrow = needed("pyarrow", EXTRA)
    told: dict[str, Any] = {}
    fields = []
    for key, feature in features.items():
        if feature["dtype"] == "video":
            continue
        if feature["dtype"] == "image":
            kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
            told[key] = {"_type": "Image"}
        else:
            kind = arrow.bool_() if feature["dtype"] == "bool" else getattr(arrow, feature["dtype"])()
            told[key] = {"dtype": feature["dtype"], "_type": "Value"}
        if feature["dtype"] != "image" and feature["shape"] != [1]:
            (width,) = feature["shape"]
            kind = arrow.list_(kind, width)
            told[key] = {"feature": told[key], "length": width, "_type": "List"}
        fields.append(arrow.field(key, kind))
    return arrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": told}})})


def _picture(size: tuple[int, int], fps: int, video: bool) -> Feature:
    feature: Feature = {
        "dtype": "video" if video else "image",
        "shape": [*size, 3],
        "names": ["height", "width", "channels"],
    }
    if video:
        feature["info"] = {
            "video.height": size[0],
            "video.width": size[1],
            "video.codec": "h264",
            "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False,
            "video.fps": fps,
            "video.channels": 3,
            "has_audio": False,
        }
    return feature


def _numbers(width: int, names: list[str] | None) -> Feature:
    return {"dtype": "float32", "shape": [width], "names": names}


def _scalar(dtype: str) -> Feature:
    return {"dtype": dtype, "shape": [1], "names": None}

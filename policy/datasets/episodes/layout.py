"""Robot episodes as rows of arrays."""

from __future__ import annotations

import json

import numpy as np

from ..store.layout import Layout, Rows, provenance_bytes
from .episode import RobotEpisode

_STEPS = ("image", "proprio", "action", "phase", "plan_phase")
_DEMONSTRATION = ("demo_keypoints", "demo_present", "demo_path", "demo_plan", "demo_clip")
_NUMBERS = {"seed": np.int64, "success": np.uint8, "fps": np.float64, "demo_fps": np.float64}
_TEXTS = ("task", "text", "provenance")
_PER_STEP = ("demo_keypoints", "demo_path")


def _rows_of(episode: RobotEpisode) -> Rows:
    frames = episode.demo_frame
    data = {key: getattr(episode, key) for key in _STEPS}
    data |= {key: getattr(episode, key)[frames] for key in _PER_STEP}
    meta = {key: getattr(episode, key) for key in _DEMONSTRATION}
    meta |= {key: np.asarray(getattr(episode, key), dtype) for key, dtype in _NUMBERS.items()}
    provenance = provenance_bytes(episode.provenance)
    return Rows(data, meta, {"task": episode.task.encode(), "text": episode.text.encode(), "provenance": provenance})


def _episode_of(rows: Rows) -> RobotEpisode:
    return RobotEpisode(
        **{key: rows.data[key] for key in _STEPS},
        **{key: rows.meta[key] for key in _DEMONSTRATION},
        task=rows.texts["task"].decode(),
        text=rows.texts["text"].decode(),
        seed=int(rows.meta["seed"]),
        success=bool(rows.meta["success"]),
        provenance=json.loads(rows.texts["provenance"]),
        fps=float(rows.meta["fps"]),
        demo_fps=float(rows.meta["demo_fps"]),
    )


ROBOT_EPISODES = Layout(
    noun="robot episode",
    data=(*_STEPS, *_PER_STEP),
    meta=(*_DEMONSTRATION, *_NUMBERS),
    texts=_TEXTS,
    rows_of=_rows_of,
    episode_of=_episode_of,
    derived=_PER_STEP,
)
"""The layout of datasets of robot episodes; the demonstration's arrays per step follow from phase and demonstration."""

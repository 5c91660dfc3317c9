"""Episodes as what a web page is told of them: JSON values, short numbers, packed pictures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .episode import RobotTrack, ViewedEpisode
from .facts import facts
from .outlines import outlines
from .sprites import sprite

DIGITS = 4
"""Decimals of numbers: 0.1 mm, and well below a pixel."""


def index_row(place: int, episode: ViewedEpisode) -> dict[str, Any]:
    """Return what lists and filters need of an episode; `place` is where in the dataset it stands."""
    return {
        "place": place,
        "task": episode.task,
        "text": episode.text,
        "seed": episode.seed,
        "success": episode.success,
        "steps": len(episode.robot) if episode.robot is not None else len(episode.clip),
    }


def episode_record(episode: ViewedEpisode, *, pictures: int, size: int, quality: int) -> dict[str, Any]:
    """Return all of an episode that a page shows.

    Args:
        episode: To be shown.
        pictures: Pictures of the robot at most, evenly spaced.
        size: Height and width of a picture at most, px.
        quality: Of packed pictures, 1 to 100.

    Returns:
        JSON values. `tracks` has a row a frame: for each hand 42 numbers (x, y of 21 joints), or None; `region` has a
        row a frame, too: polygons (see `outlines`). `provenance` is written out, to be read by people.
    """
    record: dict[str, Any] = {
        "clip": {**sprite(episode.clip, size=size, quality=quality), "fps": episode.fps},
        "tracks": [[_hand(hand) for hand in frame] for frame in episode.keypoints],
        "region": None if episode.region is None else [outlines(mask) for mask in episode.region],
        "robot": None,
        "facts": facts(episode),
        "provenance": json.dumps(episode.provenance, indent=2, ensure_ascii=False),
    }
    if episode.robot is not None:
        record["robot"] = _robot(episode.robot, pictures, size, quality)
    return record


def _hand(joints: NDArray[np.float32]) -> list[float] | None:
    return short(joints.ravel()) if np.isfinite(joints).all() else None


def _robot(robot: RobotTrack, pictures: int, size: int, quality: int) -> dict[str, Any]:
    shown = np.unique(np.linspace(0, len(robot) - 1, min(pictures, len(robot))).round().astype(int))
    return {
        "pictures": sprite(robot.image[shown], size=size, quality=quality),
        "shown": shown.tolist(),
        "steps": len(robot),
        "fps": robot.fps,
        "phase": short(robot.phase),
        "plan_phase": short(robot.plan_phase),
        "pose": short(robot.pose),
        "path": short(robot.path),
        "plan": short(robot.plan),
    }


def short(values: NDArray[np.floating]) -> list[Any]:
    """Return numbers, nested as they were, with `DIGITS` decimals."""
    return np.round(values.astype(np.float64), DIGITS).tolist()

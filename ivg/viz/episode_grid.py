"""The contact sheet of a dataset of robot episodes: the hand that showed a task, and below it the robot that did it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..policy.datasets import EpisodeStore, RobotEpisode
from .clip_grid import COLUMNS, MOST_ROWS, draw_joints
from .image_grid import GridRow, image_grid


def episode_grid(store: EpisodeStore, *, joints: bool = False, skip: int = 0) -> NDArray[np.uint8]:
    """Returns a picture with two rows a task, of its first episode or of the `skip`-th next.

    The upper row shows the demonstration, evenly spaced, the lower one the robot at the steps of the same phase.

    Args:
        store: Of at least one episode.
        joints: Draw the demonstration's joints, the left hand blue, the right hand red.
        skip: Episodes of each task to pass over.
    """
    places: dict[str, list[int]] = {}
    for place, task in enumerate(store.tasks):
        places.setdefault(task, []).append(place)
    chosen = [group[skip % len(group)] for group in list(places.values())[:MOST_ROWS]]
    rows = [row for place in chosen for row in _rows(store[place], joints)]
    height, width = store.per_step("image").shape[1:3]
    title = f"{len(store)} robot episodes of {len(places)} tasks, {width} x {height} px"
    return image_grid(rows, title=title, columns=[f"phase {phase:.0%}" for phase in np.linspace(0, 1, COLUMNS)])


def _rows(episode: RobotEpisode, joints: bool) -> list[GridRow]:
    phases = np.linspace(0, 1, COLUMNS)
    frames = np.rint(phases * (len(episode.demo_clip) - 1)).astype(int)
    clip = episode.demo_clip[frames]
    if joints:
        tracks = np.where(episode.demo_present[frames, :, None, None] > 0.5, episode.demo_keypoints[frames], np.nan)
        clip = np.stack([draw_joints(*pair) for pair in zip(clip, tracks, strict=True)])
    source = str(episode.provenance.get("source", ""))
    outcome = f"{'done' if episode.success else 'not done'}, {len(episode)} steps"
    return [
        GridRow(clip, episode.task, f"{episode.text}\n{source} clip\nseed {episode.seed}", new_group=True),
        GridRow(episode.image[_steps(episode.phase, phases)], "", f"robot: {outcome}"),
    ]


def _steps(phase: NDArray[np.float32], wanted: NDArray[np.float64]) -> list[int]:
    """Return the first step, and for each further phase that is wanted the last step nearest to it."""
    far = np.abs(phase[None] - wanted[1:, None])
    return [0, *(len(phase) - 1 - far[:, ::-1].argmin(1)).tolist()]

"""Image grids of clip stores, robot episodes, evaluations and annotated videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .hands import WHITE, draw_hands, outline
from .image_grid import GridRow, image_grid

if TYPE_CHECKING:
    from ..data.clip_record import ClipRecord
    from ..data.clip_store import ClipStore
    from ..evaluation.judging import SceneResult
    from ..metrics.clip_figures import TrueClip
    from ..policy.datasets import EpisodeStore, RobotEpisode

COLUMNS = 8
MOST_ROWS = 40  # tasks shown; real video has hundreds
EVALUATED = (0, 3, 5, 7, 9, 11, 13, 15)  # frames shown of an evaluated clip
REGION_RGB = (255, 205, 60)
VIDEO_HEIGHT = 192  # height of a video's frames in its grid, px

Image = NDArray[np.uint8]


def evenly(count: int, columns: int = COLUMNS) -> list[int]:
    """Return the indices of at most `columns` of `count` frames, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(columns, count)).round().astype(int)).tolist()


def clip_grid(store: ClipStore, *, joints: bool = False, skip: int = 0) -> Image:
    """Return a row for each task: frames of its first clip, or of the `skip`-th next; InputError if there is none.

    Of more than `MOST_ROWS` tasks, those with the most clips are shown. `joints` draws the annotated joints, the left
    hand blue, the right hand orange.
    """
    by_task: dict[str, list[int]] = {}
    for index, task in store.tasks.items():
        by_task.setdefault(task, []).append(index)
    if not by_task:
        raise InputError(f"{store.path} holds no clip yet")
    shown = list(by_task.values())
    if len(shown) > MOST_ROWS:
        shown = sorted(shown, key=len, reverse=True)[:MOST_ROWS]
    rows = [_clip_row(store.read(indices[skip % len(indices)]), joints) for indices in shown]
    columns = [f"frame {index}" if index else "context" for index in evenly(int(store.attrs["frames"]))]
    title = f"{store.attrs['source']}: {len(store.indices_done)} clips, {store.size} px, {store.fps:g} fps"
    return image_grid(rows, title=title, columns=columns)


def _clip_row(record: ClipRecord, joints: bool) -> GridRow:
    frames = record.frames
    if joints:
        frames = np.stack([draw_hands(*pair) for pair in zip(frames, record.keypoints, strict=True)])
    info = record.info
    origin = f"{info.get('side', '')} hand, seed {info['seed']}" if "seed" in info else str(info.get("name", ""))[:40]
    return GridRow(frames[evenly(len(frames))], record.task or "clip", f"{record.text}\n{origin}")


def episode_grid(store: EpisodeStore, *, joints: bool = False, skip: int = 0) -> Image:
    """Return two rows for each task, of its first episode or of the `skip`-th next.

    The upper row shows the demonstration, evenly spaced, with its joints on request, the lower one the robot at the
    steps of the same phase.
    """
    by_task: dict[str, list[int]] = {}
    for index, task in enumerate(store.tasks):
        by_task.setdefault(task, []).append(index)
    chosen = [indices[skip % len(indices)] for indices in list(by_task.values())[:MOST_ROWS]]
    rows = [row for index in chosen for row in _episode_rows(store[index], joints)]
    height, width = store.per_step("image").shape[1:3]
    title = f"{len(store)} robot episodes of {len(by_task)} tasks, {width} x {height} px"
    return image_grid(rows, title=title, columns=[f"phase {phase:.0%}" for phase in np.linspace(0, 1, COLUMNS)])


def _episode_rows(episode: RobotEpisode, joints: bool) -> list[GridRow]:
    phases = np.linspace(0, 1, COLUMNS)
    frames = np.rint(phases * (len(episode.demo_clip) - 1)).astype(int)
    clip = episode.demo_clip[frames]
    if joints:
        present = episode.demo_present[frames] > 0.5
        clip = np.stack([draw_hands(*hand) for hand in zip(clip, episode.demo_keypoints[frames], present, strict=True)])
    distance = np.abs(episode.phase[None] - phases[1:, None])  # of each phase, the last step nearest to it is shown
    steps = [0, *(len(episode.phase) - 1 - distance[:, ::-1].argmin(1)).tolist()]
    source = str(episode.provenance.get("source", ""))
    outcome = f"{'done' if episode.success else 'not done'}, {len(episode)} steps"
    return [
        GridRow(clip, episode.task, f"{episode.text}\n{source} clip\nseed {episode.seed}", new_group=True),
        GridRow(episode.image[steps], "", f"robot: {outcome}"),
    ]


def evaluation_grid(results: Sequence[SceneResult], truths: Sequence[TrueClip], per_task: int = 1) -> Image:
    """Return pairs of rows, truth above generated, of the first scenes of every task; both regions over the context."""
    rows: list[GridRow] = []
    for task in dict.fromkeys(result.task for result in results):
        own = [pair for pair in zip(results, truths, strict=True) if pair[0].task == task]
        for result, truth in own[:per_task]:
            rows += _evaluated_rows(result, truth)
    columns = ["regions", *(f"frame {index}" for index in EVALUATED[1:])]
    title = "Held-out scenes: ground truth above, generated below; region predicted (yellow) and annotated (white)"
    return image_grid(rows, title=title, columns=columns)


def _evaluated_rows(result: SceneResult, truth: TrueClip) -> tuple[GridRow, GridRow]:
    record = truth.record
    true, generated = record.frames[list(EVALUATED)].copy(), result.frames[list(EVALUATED)].copy()
    true[0] = outline(true[0], truth.region, WHITE)
    generated[0] = outline(outline(generated[0], truth.region, WHITE), result.region, REGION_RGB)
    note = f"HS-Err {result.figures['hs_err']:.4f}\nregion IoU {result.figures['region_iou']:.2f}"
    return (
        GridRow(true, record.task, f"{record.text}\nseed {record.info.get('seed', '')}", new_group=True),
        GridRow(generated, "generated", note),
    )


def video_grid(
    frames: Image,
    keypoints: NDArray[np.floating],
    times_s: NDArray[np.floating],
    *,
    title: str,
    regions: NDArray[np.bool_] | None = None,
) -> Image:
    """Return evenly spaced frames of a video with its hands: 8 of a short one, else two rows of 8.

    Args:
        frames: uint8 (t, h, w, 3).
        keypoints: (t, 2, 21, 2), normalised, NaN where there is no hand; left blue, right orange.
        times_s: (t,), seconds.
        title: Stands above the grid.
        regions: bool (t, h', w'), of motion, outlined in white, and their union, in yellow; then one row is shown.
    """
    scale = VIDEO_HEIGHT / frames.shape[1]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    two = regions is None and len(frames) > COLUMNS
    shown = np.linspace(0, len(frames) - 1, 2 * COLUMNS).round().astype(int).tolist() if two else evenly(len(frames))
    cells = []
    for index in shown:
        cell = np.asarray(cv2.resize(frames[index], None, fx=scale, fy=scale, interpolation=method), np.uint8)
        if regions is not None:
            cell = outline(outline(cell, regions.any(0), REGION_RGB), regions[index], WHITE)
        cells.append(draw_hands(cell, keypoints[index]))
    width = COLUMNS if two else len(cells)
    note = "left blue, right orange" + ("" if regions is None else "\nhull white, union yellow")
    rows = [
        GridRow(np.stack(cells[first : first + width]), f"from {times_s[shown[first]]:.1f} s", note)
        for first in range(0, len(cells), width)
    ]
    heads = [] if two else [f"{times_s[index]:.1f} s" for index in shown]
    return image_grid(rows, title=title, columns=heads)

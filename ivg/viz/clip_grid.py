"""The contact sheet of a clip store: one clip of every task, frame by frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipRecord, ClipStore
from ..errors import InputError
from ..hands import BONES
from .image_grid import GridRow, image_grid

LEFT_RGB = (64, 160, 255)
RIGHT_RGB = (255, 96, 64)
COLUMNS = 8
MOST_ROWS = 40
"""Tasks shown; real video has hundreds."""


def clip_grid(store: ClipStore, *, joints: bool = False, skip: int = 0) -> NDArray[np.uint8]:
    """Returns a picture with a row a task: every second frame of its first clip, or of the `skip`-th next.

    Of more than `MOST_ROWS` tasks, those with the most clips are shown.

    Args:
        store: Has at least one clip.
        joints: Draw the annotated joints, the left hand blue, the right hand red.
        skip: Clips of each task to pass over.

    Raises:
        InputError: No clip is written.
    """
    by_task: dict[str, list[int]] = {}
    for index, task in store.tasks.items():
        by_task.setdefault(task, []).append(index)
    if not by_task:
        raise InputError(f"{store.path} holds no clip yet")
    shown = (
        sorted(by_task.values(), key=len, reverse=True)[:MOST_ROWS] if len(by_task) > MOST_ROWS else by_task.values()
    )
    rows = [_row(store.read(indices[skip % len(indices)]), joints) for indices in shown]
    frames = _shown(int(store.attrs["frames"]))
    columns = [f"frame {index}" if index else "context" for index in frames]
    title = f"{store.attrs['source']}: {len(store.indices_done)} clips, {store.size} px, {store.fps:g} fps"
    return image_grid(rows, title=title, columns=columns)


def _shown(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(COLUMNS, count)).round().astype(int)).tolist()


def _row(record: ClipRecord, joints: bool) -> GridRow:
    frames = record.frames
    if joints:
        frames = np.stack([draw_joints(*pair) for pair in zip(frames, record.keypoints, strict=True)])
    info = record.info
    origin = f"{info.get('side', '')} hand, seed {info['seed']}" if "seed" in info else str(info.get("name", ""))[:40]
    note = f"{record.text}\n{origin}"
    return GridRow(frames[_shown(len(frames))], record.task or "clip", note)


def draw_joints(frame: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Returns the frame with hand skeletons drawn over it.

    Args:
        frame: uint8 (h, w, 3), RGB.
        keypoints: (2, 21, 2), normalised, NaN where there is no hand.
    """
    picture = np.ascontiguousarray(frame).copy()
    size = np.array(frame.shape[1::-1])
    for hand, colour in zip(keypoints, (LEFT_RGB, RIGHT_RGB), strict=True):
        if not np.isfinite(hand).all():
            continue
        points = np.round(hand * size * 8).astype(int)
        for start, end in BONES:
            cv2.line(picture, points[start].tolist(), points[end].tolist(), colour, 1, cv2.LINE_AA, shift=3)
    return picture

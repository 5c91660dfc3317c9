"""How good MediaPipe's annotation of a clip store is, where the store has ground truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from .detection import hand_length, match_hands, ratio

BLOCK = 500  # clips read at a time: reading single chunks takes much longer

_ARRAYS = ("keypoints", "present", "gt_keypoints", "gt_visible", "joints_world_m", "K", "T_world_camera")


def annotation_report(store: ClipStore) -> dict[str, dict[str, Any]]:
    """Returns figures by task, and under "total"; nothing without ground truth.

    Of ``clips``, over ``hands`` (those of which half or more is visible): ``hand_rate`` (found), ``frame_rate`` (frames
    with such hands in which one is found), ``median_joint_error`` and ``p90_joint_error`` of found hands (fractions of
    the hand's length), ``side_rate`` (found ones with the right side), ``false_rate`` (frames without any visible part
    of a hand in which one is detected).
    """
    tasks = store.tasks
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    errors: dict[str, list[float]] = defaultdict(list)
    for index, clip in _annotated_clips(store):
        if np.isfinite(clip["gt_visible"]).any():
            _count(clip, store.size, counts[tasks[index]], errors[tasks[index]])
    if not counts:
        return {}
    figures = {task: _figures(counts[task], errors[task]) for task in sorted(counts)}
    total = sum(counts.values(), Counter())
    return {**figures, "total": _figures(total, [error for task in counts for error in errors[task]])}


def _annotated_clips(store: ClipStore) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """Yields the arrays of every clip."""
    for first in range(0, len(store), BLOCK):
        block = slice(first, min(first + BLOCK, len(store)))
        arrays = {name: np.asarray(store.array(name)[block]) for name in _ARRAYS}
        for index in store.indices_done:
            if block.start <= index < block.stop:
                yield int(index), {name: array[index - first] for name, array in arrays.items()}


def _count(clip: dict[str, NDArray[Any]], size: int, counts: Counter[str], errors: list[float]) -> None:
    """Adds the hands and frames of one clip."""
    visible = np.nan_to_num(clip["gt_visible"])
    length = hand_length(clip["joints_world_m"], clip["K"], clip["T_world_camera"], size)
    match = match_hands(clip["keypoints"], clip["gt_keypoints"], visible, length)
    empty = (visible <= 0).all(1)
    counted = {
        "wanted": match.wanted,
        "found": match.found,
        "same_side": match.same_side,
        "wanted_frames": match.wanted.any(1),
        "found_frames": match.found.any(1),
        "empty_frames": empty,
        "false_frames": empty & (clip["present"] == 1).any(1),
    }
    counts.update({"clips": 1, **{name: int(mask.sum()) for name, mask in counted.items()}})
    errors += match.error[match.found].tolist()


def _figures(counts: Counter[str], errors: list[float]) -> dict[str, Any]:
    return {
        "clips": counts["clips"],
        "hands": counts["wanted"],
        "frame_rate": ratio(counts["found_frames"], counts["wanted_frames"]),
        "hand_rate": ratio(counts["found"], counts["wanted"]),
        "median_joint_error": float(np.median(errors)) if errors else float("nan"),
        "p90_joint_error": float(np.quantile(errors, 0.9)) if errors else float("nan"),
        "side_rate": ratio(counts["same_side"], counts["found"]),
        "false_rate": ratio(counts["false_frames"], counts["empty_frames"]),
    }

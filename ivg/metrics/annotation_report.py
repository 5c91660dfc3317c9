"""How good MediaPipe's annotation of a clip store is, where the store has ground truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from .detection import hand_length, match_hands, ratio

BLOCK = 500
"""Clips read at a time."""


class Annotated(TypedDict):
    """What the report needs of a clip: its arrays as the store names them, and the size of its frames in pixels."""

    keypoints: NDArray[np.float32]
    present: NDArray[np.uint8]
    gt_keypoints: NDArray[np.float32]
    gt_visible: NDArray[np.float32]
    joints_world_m: NDArray[np.float32]
    K: NDArray[np.float64]
    T_world_camera: NDArray[np.float64]
    size: int


@dataclass
class DetectionTally:
    """Sums over clips.

    Attributes:
        clips: Clips counted.
        wanted: Hands at least half of which is visible.
        found: Those that the detector found.
        same_side: Those that it found and named rightly left or right.
        wanted_frames: Frames with at least one such hand.
        found_frames: Those of them in which at least one is found.
        empty_frames: Frames in which nothing of a hand is visible.
        false_frames: Those of them in which a hand is detected all the same.
        errors: Joint error of every found hand, as a fraction of its length.
    """

    clips: int = 0
    wanted: int = 0
    found: int = 0
    same_side: int = 0
    wanted_frames: int = 0
    found_frames: int = 0
    empty_frames: int = 0
    false_frames: int = 0
    errors: list[float] = field(default_factory=list)

    def add(self, clip: Annotated) -> None:
        """Counts one annotated clip."""
        visible = np.nan_to_num(clip["gt_visible"])
        length = hand_length(clip["joints_world_m"], clip["K"], clip["T_world_camera"], clip["size"])
        match = match_hands(clip["keypoints"], clip["gt_keypoints"], visible, length)
        empty = (visible <= 0).all(1)
        self.clips += 1
        self.wanted += int(match.wanted.sum())
        self.found += int(match.found.sum())
        self.same_side += int(match.same_side.sum())
        self.wanted_frames += int(match.wanted.any(1).sum())
        self.found_frames += int(match.found.any(1).sum())
        self.empty_frames += int(empty.sum())
        self.false_frames += int((empty & (clip["present"] == 1).any(1)).sum())
        self.errors += match.error[match.found].tolist()

    def __add__(self, other: DetectionTally) -> DetectionTally:
        """Returns the tally of both."""
        return DetectionTally(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def figures(self) -> dict[str, Any]:
        """Returns rates (of 1) and joint errors (fractions of the hand's length), for printing and JSON."""
        return {
            "clips": self.clips,
            "hands": self.wanted,
            "frame_rate": ratio(self.found_frames, self.wanted_frames),
            "hand_rate": ratio(self.found, self.wanted),
            "median_joint_error": float(np.median(self.errors)) if self.errors else float("nan"),
            "p90_joint_error": float(np.quantile(self.errors, 0.9)) if self.errors else float("nan"),
            "side_rate": ratio(self.same_side, self.found),
            "false_rate": ratio(self.false_frames, self.empty_frames),
        }


def annotation_report(store: ClipStore) -> dict[str, dict[str, Any]]:
    """Returns `DetectionTally.figures` by task, and under "total"; nothing without ground truth."""
    tasks = store.tasks
    tallies: dict[str, DetectionTally] = defaultdict(DetectionTally)
    for index, clip in _annotated_clips(store):
        if np.isfinite(clip["gt_visible"]).any():
            tallies[tasks[index]].add(clip)
    known = {task: tally for task, tally in tallies.items() if tally.clips}
    if not known:
        return {}
    total = sum(known.values(), DetectionTally())
    return {**{task: known[task].figures() for task in sorted(known)}, "total": total.figures()}


def _annotated_clips(store: ClipStore) -> Iterator[tuple[int, Annotated]]:
    """Yields what the report needs of every clip, read in blocks: reading single chunks takes much longer."""
    for first in range(0, len(store), BLOCK):
        block = slice(first, min(first + BLOCK, len(store)))
        arrays = {name: np.asarray(store.array(name)[block]) for name in Annotated.__annotations__ if name != "size"}
        for index in store.indices_done:
            if block.start <= index < block.stop:
                clip = {name: array[index - first] for name, array in arrays.items()}
                yield int(index), Annotated(size=store.size, **clip)  # type: ignore[typeddict-item]

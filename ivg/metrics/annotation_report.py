"""How good MediaPipe's annotation of a clip store is, where the store knows the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data.clip_store import ClipRecord, ClipStore
from .detection import hand_length, match_hands, ratio


@dataclass
class DetectionTally:
    """Sums over clips.

    Attributes:
        clips: Clips counted.
        wanted: Hands at least half of which is to be seen.
        found: Those that the detector found.
        same_side: Those that it found and named rightly left or right.
        wanted_frames: Frames with at least one such hand.
        found_frames: Those of them in which at least one is found.
        empty_frames: Frames in which nothing of a hand is to be seen.
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

    def add(self, record: ClipRecord) -> None:
        """Counts one annotated clip of which the ground truth is known."""
        if record.gt_keypoints is None or record.joints_world_m is None or record.gt_visible is None:
            return
        assert record.K is not None
        assert record.T_world_camera is not None
        visible = np.nan_to_num(record.gt_visible)
        length = hand_length(record.joints_world_m, record.K, record.T_world_camera, record.frames.shape[2])
        match = match_hands(record.keypoints, record.gt_keypoints, visible, length)
        empty = (visible <= 0).all(1)
        self.clips += 1
        self.wanted += int(match.wanted.sum())
        self.found += int(match.found.sum())
        self.same_side += int(match.same_side.sum())
        self.wanted_frames += int(match.wanted.any(1).sum())
        self.found_frames += int(match.found.any(1).sum())
        self.empty_frames += int(empty.sum())
        self.false_frames += int((empty & record.present.any(1)).sum())
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
    tallies: dict[str, DetectionTally] = defaultdict(DetectionTally)
    for index in store.indices_done:
        record = store.read(index)
        tallies[record.task].add(record)
    known = {task: tally for task, tally in tallies.items() if tally.clips}
    if not known:
        return {}
    total = sum(known.values(), DetectionTally())
    return {**{task: known[task].figures() for task in sorted(known)}, "total": total.figures()}

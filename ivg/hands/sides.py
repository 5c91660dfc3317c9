"""Which detection is the left hand and which the right, decided over a whole clip.

The detector names the side frame by frame, and sometimes wrongly, or both hands alike. A hand moves little between
frames, so its detections are linked into tracks, and each track's frames vote.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import JOINTS, HandTracks

MAX_GAP = 3  # a track may miss this many frames and go on
MAX_STEP = 0.75  # farthest mean joint motion between frames of a track, in hand lengths (diagonals of the joints' box)
SAME_HAND = 0.15  # two detections of one frame nearer than this (in hand lengths) are one hand found twice
POSITION_LOGIT = 0.5  # weight of the position in the image: as seen by their owner, right hands are mostly at the right


@dataclass(frozen=True, eq=False)
class Detection:
    """A hand found in one frame."""

    joints: NDArray[np.float32]  # float32 (21, 2), normalised by the frame's width and height
    p_right: float  # probability that it is the person's right hand, in [0, 1]
    score: float  # the detector's confidence in [0, 1]
    world_m: NDArray[np.float32] | None = None  # float32 (21, 3), MediaPipe's world landmarks, m, if it gives them


@dataclass(frozen=True, eq=False)
class MetricHands:
    """Tracks of t frames, and the hands' shapes in metres.

    Attributes:
        tracks: The hands in the image.
        world_landmarks_m: float32 (t, 2, 21, 3), MediaPipe's world landmarks: joints in metres from the hand's own
            middle, in axes like those of the image (x right, y down, z away). Where the hand stands is not in them, and
            their size is that of an average hand. NaN where the hand is absent.
    """

    tracks: HandTracks
    world_landmarks_m: NDArray[np.float32]

    def __post_init__(self) -> None:
        points, shape = self.world_landmarks_m, (len(self.tracks), 2, JOINTS, 3)
        if points.shape != shape or points.dtype != np.float32:
            raise InputError(f"world_landmarks_m must be float32 {shape}, got {points.dtype} {points.shape}")
        if not np.isfinite(points[self.tracks.present]).all():
            raise InputError("world_landmarks_m of a present hand must be finite")

    def __len__(self) -> int:
        return len(self.tracks)


@dataclass(eq=False)
class _Track:
    frames: list[int]
    detections: list[Detection]

    @property
    def log_odds(self) -> float:
        votes = sum(_logit(d.p_right) for d in self.detections)
        position = float(np.mean([d.joints[:, 0].mean() for d in self.detections]))
        return votes + POSITION_LOGIT * float(np.clip(2 * position - 1, -1, 1))


def assign_sides(clip: Sequence[Sequence[Detection]], aspect: float = 1.0) -> HandTracks:
    """Sort the detections of each frame into left and right tracks; of more than two hands the best two are kept.

    `aspect` is width over height of the frames: distances are measured in pixels, not in normalised units.
    """
    scale = np.array([aspect, 1.0], np.float32)
    frames = [_without_duplicates(found, scale)[:2] for found in clip]
    tracks = _link(frames, scale)
    return _fill(tracks, _vote(tracks), len(clip))


def metric_hands(clip: Sequence[Sequence[Detection]], aspect: float = 1.0) -> MetricHands:
    """Sort the detections of a clip, all with world landmarks, as `assign_sides` does, the landmarks with them."""
    tracks = assign_sides(clip, aspect)
    landmarks = np.full((len(clip), 2, JOINTS, 3), np.nan, np.float32)
    for frame, hand in np.argwhere(tracks.present):
        (found,) = [d for d in clip[frame] if np.array_equal(d.joints, tracks.keypoints[frame, hand])][:1]
        if found.world_m is None:
            raise InputError(f"a hand of frame {frame} has no world landmarks")
        landmarks[frame, hand] = found.world_m
    return MetricHands(tracks, landmarks)


def _logit(p: float) -> float:
    p = min(max(p, 0.02), 0.98)
    return math.log(p / (1 - p))


def _distance(a: Detection, b: Detection, scale: NDArray[np.float32]) -> float:
    """Mean joint distance in units of the larger hand's box diagonal."""
    length = max(float(np.linalg.norm(np.ptp(d.joints * scale, axis=0))) for d in (a, b))
    moved = float(np.linalg.norm((a.joints - b.joints) * scale, axis=-1).mean())
    return moved / max(length, 1e-6)


def _without_duplicates(found: Sequence[Detection], scale: NDArray[np.float32]) -> list[Detection]:
    """Return different hands, those that score best first."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(_distance(detection, other, scale) > SAME_HAND for other in kept):
            kept.append(detection)
    return kept


def _link(frames: Sequence[Sequence[Detection]], scale: NDArray[np.float32]) -> list[_Track]:
    """Join detections of neighbouring frames into tracks, nearest pairs first."""
    tracks: list[_Track] = []
    for t, found in enumerate(frames):
        live = [track for track in tracks if t - track.frames[-1] <= MAX_GAP + 1]
        pairs = sorted(
            (_distance(track.detections[-1], detection, scale), i, j)
            for i, track in enumerate(live)
            for j, detection in enumerate(found)
        )
        used_tracks: set[int] = set()
        used: set[int] = set()
        for distance, i, j in pairs:
            if distance <= MAX_STEP and i not in used_tracks and j not in used:
                live[i].frames.append(t)
                live[i].detections.append(found[j])
                used_tracks.add(i)
                used.add(j)
        for j, detection in enumerate(found):
            if j not in used:
                tracks.append(_Track([t], [detection]))
    return tracks


def _vote(tracks: Sequence[_Track]) -> list[int]:
    """Choose 0 (left) or 1 (right) for each track; the surest first, others give way where they overlap."""
    sides: dict[int, int] = {}
    log_odds = [track.log_odds for track in tracks]
    for i in sorted(range(len(tracks)), key=lambda i: -abs(log_odds[i])):
        wanted = int(log_odds[i] > 0)
        taken = [0, 0]
        for j, side in sides.items():
            taken[side] += len(set(tracks[i].frames) & set(tracks[j].frames))
        sides[i] = wanted if taken[wanted] <= taken[1 - wanted] else 1 - wanted
    return [sides[i] for i in range(len(tracks))]


def _fill(tracks: Sequence[_Track], sides: Sequence[int], count: int) -> HandTracks:
    keypoints = np.full((count, 2, JOINTS, 2), np.nan, np.float32)
    present = np.zeros((count, 2), np.bool_)
    score = np.zeros((count, 2), np.float32)
    by_frame = sorted(
        ((t, -abs(track.log_odds), side, d) for track, side in zip(tracks, sides, strict=True)
         for t, d in zip(track.frames, track.detections, strict=True)),
        key=lambda entry: entry[:2],
    )  # fmt: skip
    for t, _, side, detection in by_frame:
        slot = 1 - side if present[t, side] else side
        keypoints[t, slot], present[t, slot], score[t, slot] = detection.joints, True, detection.score
    return HandTracks(keypoints, present, score)

"""How far lifted hands are off, on the held-out clips of a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.types import HandTracks

from ..retarget import gripper_path
from ..tracking import clean_tracks
from .lifter import HandLifter
from .samples import StoreHands

JITTER = 0.02
"""Standard deviation of the joints' error in the jittered tracks, of the picture's width."""

INPUTS = ("true", "found", "jittered")
"""Tracks that are lifted: true ones, those MediaPipe finds, and these with `JITTER` and a fifth of the frames lost."""

_FIELDS = ("pinch_mm", "joint_mm", "approach_deg", "opening", "scale")


def evaluate_lifter(
    lifter: HandLifter, hands: StoreHands, fps: float, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Compare lifted hands with the truth, the acting hand only.

    Tracks go through `clean_tracks` first (found and jittered ones), as they do in use.

    Args:
        lifter: Which.
        hands: Clips that it was not trained on.
        fps: Frames a second.
        progress: Called as `progress(clips_done, clips_in_all)`.

    Returns:
        By input ("true", "found", "jittered"): "frames" (of the frames after the context in which the hand is in the
        picture, the share in which it was lifted), "all", "contact", "first_contact" and "tasks" (by task, "all" and
        "contact"). Each of these holds "n", the number of frames, and median and 90 % quantile ("p90") of "pinch_mm"
        (pinch point, mm), "joint_mm" (mean over joints, mm), "approach_deg" (direction of approach), "opening" and
        "scale" (relative hand size).
    """
    rows: dict[str, list[dict[str, NDArray[np.float64]]]] = {name: [] for name in INPUTS}
    for clip in range(len(hands)):
        for name in INPUTS:
            tracks = _tracks(hands, clip, name, fps)
            rows[name].append(_errors(lifter, hands, clip, tracks))
        if progress is not None:
            progress(clip + 1, len(hands))
    return {name: _summary(clips, hands) for name, clips in rows.items()}


def pinch_errors_mm(lifter: HandLifter, hands: StoreHands, name: str, fps: float) -> NDArray[np.float64]:
    """Return float64 (n, t), mm, of the acting hands' pinch points; NaN where a hand was not lifted."""
    clips = [_errors(lifter, hands, clip, _tracks(hands, clip, name, fps)) for clip in range(len(hands))]
    return np.stack([errors["pinch_mm"] for errors in clips])


def _tracks(hands: StoreHands, clip: int, name: str, fps: float) -> HandTracks:
    if name == "true":
        return hands.true(clip)
    tracks = hands.found(clip)
    if name == "jittered":
        rng = np.random.default_rng([int(hands.index[clip]), 0x11F7])
        noise = rng.normal(0, JITTER, tracks.keypoints.shape).astype(np.float32)
        present = tracks.present & (rng.random(tracks.present.shape) >= 0.2)
        keypoints = np.where(present[..., None, None], tracks.keypoints + noise, np.float32(np.nan))
        tracks = replace(tracks, keypoints=keypoints, present=present, score=tracks.score * present)
    return clean_tracks(tracks, fps)


def _errors(lifter: HandLifter, hands: StoreHands, clip: int, tracks: HandTracks) -> dict[str, NDArray[np.float64]]:
    """Return each error by frame, float64 (t,); NaN where there is nothing to compare."""
    acting = hands.acting[clip]
    lifted = lifter(tracks, hands.cameras[clip])
    mine, truth = lifted.joints_world_m[:, acting].astype(np.float64), hands.joints_world_m[clip, :, acting]
    truth = truth.astype(np.float64)
    errors = {name: np.full(len(truth), np.nan) for name in _FIELDS}
    both = lifted.present[:, acting] & np.isfinite(truth).all((1, 2))
    if not both.any():
        return errors
    path, true_path = gripper_path(mine), gripper_path(truth)
    errors["pinch_mm"] = 1000 * np.linalg.norm(path.poses[:, :3] - true_path.poses[:, :3], axis=-1)
    errors["joint_mm"] = 1000 * np.linalg.norm(mine - truth, axis=-1).mean(-1)
    cosine = (_approach(path.poses) * _approach(true_path.poses)).sum(-1)
    errors["approach_deg"] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    errors["opening"] = np.abs(path.poses[:, 7] - true_path.poses[:, 7])
    errors["scale"] = np.where(both, abs(path.hand_scale / true_path.hand_scale - 1), np.nan)
    return errors


def _approach(poses: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the z axes (t, 3) of gripper poses (t, 8)."""
    w, x, y, z = poses[:, 3:7].astype(np.float64).T
    return np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], -1)


def _summary(clips: list[dict[str, NDArray[np.float64]]], hands: StoreHands) -> dict[str, Any]:
    errors = {name: np.stack([clip[name] for clip in clips]) for name in _FIELDS}
    every = np.ones_like(hands.contact)
    first = hands.contact & (np.cumsum(hands.contact, 1) == 1)
    seen = np.stack([hands.true(clip).present[:, hands.acting[clip]] for clip in range(len(hands))])[:, 1:]
    tasks = np.array(hands.task)
    return {
        "frames": float(np.isfinite(errors["pinch_mm"])[:, 1:][seen].mean()),
        "all": _quantiles(errors, every),
        "contact": _quantiles(errors, hands.contact),
        "first_contact": _quantiles(errors, first),
        "tasks": {
            str(task): {
                "all": _quantiles(errors, every & (tasks == task)[:, None]),
                "contact": _quantiles(errors, hands.contact & (tasks == task)[:, None]),
            }
            for task in np.unique(tasks)
        },
    }


def _quantiles(errors: dict[str, NDArray[np.float64]], where: NDArray[np.bool_]) -> dict[str, Any]:
    chosen = {name: values[where & np.isfinite(values)] for name, values in errors.items()}
    figures: dict[str, Any] = {"n": len(chosen["pinch_mm"])}
    for name, values in chosen.items():
        median, p90 = np.quantile(values, [0.5, 0.9]) if len(values) else (np.nan, np.nan)
        figures[name] = {"median": float(median), "p90": float(p90)}
    return figures

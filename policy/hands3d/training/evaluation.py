"""How far lifted hands are off, on the held-out clips of a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.hands.metric import MetricHands
from ivg.types import HandTracks

from ...retargeting import GripperTrajectory, gripper_trajectory
from ...retargeting.contact_evaluation import evaluate_contact
from ..lifting.lifted import LiftedHands
from ..lifting.lifter import HandLifter
from ..lifting.pnp import PnPLifter
from ..tracking import clean_tracks
from .samples import StoreHands

JITTER = 0.02
"""Standard deviation of the joints' error in the jittered tracks, of the picture's width."""

INPUTS = ("true", "found", "jittered")
"""Tracks that are lifted: true ones, those MediaPipe finds, and these with `JITTER` and a fifth of the frames lost."""

PNP_WAYS = ("plain", "sized", "depth")
"""PnP on MediaPipe's landmarks as they are, brought to the size of an average hand, and corrected by the depth."""

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
        "scale" (relative hand size). "contact_frames" is what `evaluate_contact` returns.
    """
    return evaluate_lifting(lifted_by_network(lifter, hands, fps), INPUTS, hands, progress)


def evaluate_lifting(
    lift: Callable[[str, int], LiftedHands],
    ways: Sequence[str],
    hands: StoreHands,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Compare any ways of lifting with the truth.

    Args:
        lift: Called as `lift(way, clip)`.
        ways: Their names.
        hands: The clips.
        progress: Called as `progress(clips_done, clips_in_all)`.

    Returns:
        By way, what `evaluate_lifter` returns by input.
    """
    rows: dict[str, list[dict[str, NDArray[np.float64]]]] = {way: [] for way in ways}
    paths: dict[str, list[GripperTrajectory | None]] = {way: [] for way in ways}
    for clip in range(len(hands)):
        for way in ways:
            lifted = lift(way, clip)
            rows[way].append(lifting_errors(lifted, hands, clip))
            paths[way].append(_path(lifted, int(hands.acting[clip])))
        if progress is not None:
            progress(clip + 1, len(hands))
    return {
        way: _summary(clips, hands)
        | {"contact_frames": evaluate_contact(paths[way], hands.contact, hands.grasp_point_world_m)}
        for way, clips in rows.items()
    }


def lifted_by_pnp(
    found: Sequence[MetricHands], depths_m: Sequence[NDArray[np.floating]], hands: StoreHands, fps: float
) -> Callable[[str, int], LiftedHands]:
    """Return a way of lifting clips by PnP, for `evaluate_lifting` with `PNP_WAYS`.

    Args:
        found: What the detector finds in each clip.
        depths_m: Float (h, w), m, of each clip's context.
        hands: The clips.
        fps: Frames a second.
    """

    def lift(way: str, clip: int) -> LiftedHands:
        metric, depth = found[clip], depths_m[clip] if way == "depth" else None
        lifter = PnPLifter(metric, depth, fps=fps, hand_scale=None if way == "plain" else 1.0)
        return lifter(clean_tracks(metric.tracks, fps), hands.cameras[clip])

    return lift


def pinch_errors_mm(lift: Callable[[str, int], LiftedHands], way: str, hands: StoreHands) -> NDArray[np.float64]:
    """Return float64 (n, t), mm, of the acting hands' pinch points; NaN where a hand was not lifted."""
    clips = [lifting_errors(lift(way, clip), hands, clip) for clip in range(len(hands))]
    return np.stack([errors["pinch_mm"] for errors in clips])


def lifted_by_network(lifter: HandLifter, hands: StoreHands, fps: float) -> Callable[[str, int], LiftedHands]:
    """Return a way of lifting clips by a network, for `evaluate_lifting` with `INPUTS`."""
    return lambda way, clip: lifter(_tracks(hands, clip, way, fps), hands.cameras[clip])


def _path(lifted: LiftedHands, hand: int) -> GripperTrajectory | None:
    return gripper_trajectory(lifted.joints_world_m[:, hand]) if lifted.present[:, hand].any() else None


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


def lifting_errors(lifted: LiftedHands, hands: StoreHands, clip: int) -> dict[str, NDArray[np.float64]]:
    """Return each error of a clip's acting hand by frame, float64 (t,); NaN where there is nothing to compare."""
    acting = hands.acting[clip]
    mine, truth = lifted.joints_world_m[:, acting].astype(np.float64), hands.joints_world_m[clip, :, acting]
    truth = truth.astype(np.float64)
    errors = {name: np.full(len(truth), np.nan) for name in _FIELDS}
    both = lifted.present[:, acting] & np.isfinite(truth).all((1, 2))
    if not both.any():
        return errors
    path, true_path = gripper_trajectory(mine), gripper_trajectory(truth)
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

"""Errors of lifted hands on the held-out clips of a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.hands.sides import MetricHands
from ivg.types import HandTracks

from ...retargeting import gripper_trajectory
from ..lifting.lifter import HandLifter, LiftedHands
from ..lifting.pnp import PnPLifter
from ..tracking import clean_tracks
from .first_contact import Array, evaluate_contact, quantiles
from .samples import StoreHands

Lift = Callable[[str, int], LiftedHands]  # called as `lift(input, clip)`

# Tracks that are lifted: true ones, those MediaPipe finds, and these with `JITTER` and a fifth of the frames lost.
INPUTS = ("true", "found", "jittered")
JITTER = 0.02  # standard deviation of the joints' error, of the image's width

# PnP on MediaPipe's landmarks as they are, scaled to the size of an average hand, and corrected by the depth.
PNP_INPUTS = ("plain", "sized", "depth")

_FIELDS = ("pinch_mm", "joint_mm", "approach_deg", "opening", "scale")


def evaluate_lifting(lift: Lift, inputs: Sequence[str], hands: StoreHands) -> dict[str, Any]:
    """Compare lifted hands with the truth, the acting hand only.

    Returns:
        By input: "frames" (of the frames after the context in which the hand is visible, the fraction in which it was
        lifted), "all", "contact", "first_contact" and "tasks" (by task, "all" and "contact"). Each of these holds "n",
        the number of frames, and median and 90 % quantile ("p90") of "pinch_mm" (pinch point), "joint_mm" (mean over
        joints), "approach_deg" (direction of approach), "opening" and "scale" (relative hand size). "contact_frames"
        is what `evaluate_contact` returns.
    """
    figures = {}
    for name in inputs:
        lifted = [lift(name, clip) for clip in range(len(hands))]
        errors = [_errors(one, hands, clip) for clip, one in enumerate(lifted)]
        trajectories = [
            gripper_trajectory(one.joints_world_m[:, acting]) if one.present[:, acting].any() else None
            for one, acting in zip(lifted, hands.acting, strict=True)
        ]
        figures[name] = _summary({field: np.stack([clip[field] for clip in errors]) for field in _FIELDS}, hands)
        figures[name]["contact_frames"] = evaluate_contact(trajectories, hands.contact, hands.grasp_point_world_m)
    return figures


def lifted_by_network(lifter: HandLifter, hands: StoreHands, fps: float) -> Lift:
    """Return what lifts clips by a network, for `evaluate_lifting` with `INPUTS`; tracks are cleaned as in use."""
    return lambda name, clip: lifter(_tracks(hands, clip, name, fps), hands.cameras[clip])


def lifted_by_pnp(
    found: Sequence[MetricHands], depths_m: Sequence[NDArray[np.floating]], hands: StoreHands, fps: float
) -> Lift:
    """Return what lifts clips by PnP, for `evaluate_lifting` with `PNP_INPUTS`; depths (h, w) are the contexts'."""

    def lift(name: str, clip: int) -> LiftedHands:
        metric, depth = found[clip], depths_m[clip] if name == "depth" else None
        lifter = PnPLifter(metric, depth, fps=fps, hand_scale=None if name == "plain" else 1.0)
        return lifter(clean_tracks(metric.tracks, fps), hands.cameras[clip])

    return lift


def pinch_errors_mm(lift: Lift, name: str, hands: StoreHands) -> Array:
    """Return float64 (n, t), mm, of the acting hands' pinch points; NaN where a hand was not lifted."""
    return np.stack([_errors(lift(name, clip), hands, clip)["pinch_mm"] for clip in range(len(hands))])


def _errors(lifted: LiftedHands, hands: StoreHands, clip: int) -> dict[str, Array]:
    """Return each error of a clip's acting hand by frame, float64 (t,); NaN where there is nothing to compare."""
    acting = hands.acting[clip]
    mine = lifted.joints_world_m[:, acting].astype(np.float64)
    truth = hands.joints_world_m[clip, :, acting].astype(np.float64)
    both = lifted.present[:, acting] & np.isfinite(truth).all((1, 2))
    if not both.any():
        return {name: np.full(len(truth), np.nan) for name in _FIELDS}
    found, true = gripper_trajectory(mine), gripper_trajectory(truth)
    cosine = (_approach(found.poses) * _approach(true.poses)).sum(-1)
    return {
        "pinch_mm": 1000 * np.linalg.norm(found.poses[:, :3] - true.poses[:, :3], axis=-1),
        "joint_mm": 1000 * np.linalg.norm(mine - truth, axis=-1).mean(-1),
        "approach_deg": np.degrees(np.arccos(np.clip(cosine, -1, 1))),
        "opening": np.abs(found.poses[:, 7] - true.poses[:, 7]),
        "scale": np.where(both, abs(found.hand_scale / true.hand_scale - 1), np.nan),
    }


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


def _approach(poses: NDArray[np.float32]) -> Array:
    """Return the z axes (t, 3) of gripper poses (t, 8); NaN where the hand is absent, which scipy refuses."""
    w, x, y, z = poses[:, 3:7].astype(np.float64).T
    return np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], -1)


def _summary(errors: dict[str, Array], hands: StoreHands) -> dict[str, Any]:
    contact, every = hands.contact, np.ones_like(hands.contact)
    seen = np.stack([hands.true(clip).present[:, hands.acting[clip]] for clip in range(len(hands))])[:, 1:]
    tasks = {str(task): (np.array(hands.task) == task)[:, None] for task in np.unique(hands.task)}

    def part(where: NDArray[np.bool_]) -> dict[str, Any]:
        chosen = {name: values[where & np.isfinite(values)] for name, values in errors.items()}
        return {"n": len(chosen["pinch_mm"]), **{name: quantiles(values) for name, values in chosen.items()}}

    return {
        "frames": float(np.isfinite(errors["pinch_mm"])[:, 1:][seen].mean()),
        "all": part(every),
        "contact": part(contact),
        "first_contact": part(contact & (np.cumsum(contact, 1) == 1)),
        "tasks": {task: {"all": part(every & own), "contact": part(contact & own)} for task, own in tasks.items()},
    }

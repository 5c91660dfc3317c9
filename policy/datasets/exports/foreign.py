"""Episodes of a foreign dataset as robot episodes without a demonstration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ivg.errors import InputError, unknown_option
from ivg.types import CLIP_FRAMES

from ...conditioning.observation import no_demonstration
from ..episodes import RobotEpisode
from .feature_map import Feature, FeatureMap, Part, scaled
from .images import resized

NO_SEED = -1
"""Seed of an episode whose scene has none."""

DEMO_FPS = 8.0
"""Frames a second of a demonstration that is not there."""

_SLACK_OPENING, _SLACK_ACTION = 0.05, 1e-3
"""How far numbers may lie outside their range, of which they are then cut off."""

Array = NDArray[Any]


@dataclass(frozen=True)
class ImportOptions:
    """How datasets are read.

    Attributes:
        size: Height and width of the pictures; as they are if None.
        camera: Which pictures, by key or last part of the key; the only ones if None.
        text: What was asked for, in place of what the dataset says.
        feature_map: Where a foreign dataset keeps what; found by itself if None.
        frames: Of the demonstration that stands for none, zeros.
    """

    size: tuple[int, int] | None = None
    camera: str | None = None
    text: str | None = None
    feature_map: FeatureMap | None = None
    frames: int = CLIP_FRAMES


def chosen_camera(pictures: Sequence[str], options: ImportOptions, image: str | None) -> str:
    """Return the key of the pictures to take.

    Args:
        pictures: All keys.
        options: What was asked for.
        image: What the map says, or the format's rule.

    Raises:
        InputError: If there are no pictures, or several and none is chosen, or there is no such key.
    """
    if not pictures:
        raise InputError("the dataset has no pictures, and a robot episode needs one in every step")
    for key in pictures:
        if options.camera and options.camera in (key, key.split(".")[-1], key.removesuffix("_image")):
            return key
    wanted = options.camera or image
    if wanted in pictures:
        return str(wanted)
    if wanted is None and len(pictures) == 1:
        return pictures[0]
    if options.camera is None and wanted is None:
        raise InputError(f"the dataset has several cameras, choose one with --camera: {', '.join(pictures)}")
    raise unknown_option("camera", wanted, pictures)


def foreign_episode(
    columns: Mapping[str, Array],
    times_s: NDArray[np.floating],
    pictures: NDArray[np.uint8],
    feature_map: FeatureMap,
    features: Mapping[str, Feature],
    *,
    text: str,
    success: bool,
    fps: float,
    frames: int,
    provenance: Mapping[str, Any],
) -> RobotEpisode:
    """Build an episode of n steps without a demonstration: present 0, zeros.

    Args:
        columns: Float (n, width) of every feature.
        times_s: (n,), since the episode began.
        pictures: uint8 (n, h, w, 3), RGB.
        feature_map: Where the parts are.
        features: Of the dataset.
        text: What was asked for; the task is named after it.
        success: Whether it was done.
        fps: Steps a second.
        frames: Of the demonstration that is not there.
        provenance: Where the episode comes from.

    Raises:
        InputError: If numbers lie outside their range, or there is no text.
    """
    if not text.strip():
        raise InputError("the dataset does not say what was to be done: say it with --text")

    def take(part: Part | None) -> NDArray[np.float64] | None:
        return None if part is None else np.asarray(columns[part.feature][:, part.places(features)], np.float64)

    steps, (height, width) = len(pictures), pictures.shape[1:3]
    return RobotEpisode(
        image=pictures,
        proprio=_proprio(take, feature_map, times_s),
        action=_action(take, feature_map),
        phase=np.zeros(steps, np.float32),
        plan_phase=np.zeros(steps, np.float32),
        **no_demonstration(frames),
        demo_clip=np.zeros((frames, height, width, 3), np.uint8),
        task=re.sub(r"\W+", "_", text.strip().lower()).strip("_") or "task",
        text=text,
        seed=NO_SEED,
        success=success,
        provenance=dict(provenance),
        fps=fps,
        demo_fps=DEMO_FPS,
    )


def of_size(episode: dict[str, Any], size: tuple[int, int] | None) -> dict[str, Any]:
    """Return arguments of an episode with pictures and clip of a size."""
    arrays = {key: np.stack([resized(picture, size) for picture in episode[key]]) for key in ("image", "demo_clip")}
    return {**episode, **arrays}


Take = Callable[[Part | None], NDArray[np.float64] | None]


def _proprio(take: Take, feature_map: FeatureMap, times_s: NDArray[np.floating]) -> NDArray[np.float32]:
    proprio = np.zeros((len(times_s), 16), np.float32)
    proprio[:, 3] = 1
    position, rotation, fingers, joints = (
        take(part) for part in (feature_map.position, feature_map.rotation, feature_map.opening, feature_map.joints)
    )
    if position is not None:
        proprio[:, :3] = position
    if rotation is not None and feature_map.rotation is not None:
        proprio[:, 3:7] = _quaternions(rotation, feature_map.rotation.form)
    if fingers is not None and feature_map.opening is not None:
        opening = fingers if fingers.shape[1] == 1 else np.abs(fingers).sum(1, keepdims=True)
        proprio[:, 7] = _within("the gripper's opening", scaled(feature_map.opening, opening), 0, _SLACK_OPENING)[:, 0]
    if joints is not None:
        proprio[:, 8:15] = joints
    proprio[:, 15] = times_s
    return proprio


def _quaternions(values: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    """Return quaternions wxyz (n, 4) of rotations told in a form."""
    if form in ("wxyz", "xyzw"):
        if (np.linalg.norm(values, axis=1) < 1e-6).any():
            raise InputError(f"quaternions ({form}) of the rotation must not be zero")
        turns = Rotation.from_quat(values[:, [1, 2, 3, 0]] if form == "wxyz" else values)
    else:
        turns = Rotation.from_euler("xyz", values) if form == "euler" else Rotation.from_rotvec(values)
    return np.asarray(turns.as_quat(canonical=True)[:, [3, 0, 1, 2]])


def _action(take: Take, feature_map: FeatureMap) -> NDArray[np.float32]:
    parts = []
    for part in feature_map.action:
        values = take(part)
        assert values is not None
        values = values if part.low is None else 2 * scaled(part, values) - 1
        parts.append(_within(f"actions ({part.feature})", values, -1, _SLACK_ACTION))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _within(what: str, values: NDArray[np.float64], low: float, slack: float) -> NDArray[np.float64]:
    if (values < low - slack).any() or (values > 1 + slack).any():
        ranges = ", ".join(f"{a:.3g} to {b:.3g}" for a, b in zip(values.min(0), values.max(0), strict=True))
        raise InputError(
            f"{what} must lie in [{low:g}, 1], the columns reach from {ranges}: give low and high in a mapping file "
            "(--map FILE, see docs/exports.md)"
        )
    return np.clip(values, low, 1.0)

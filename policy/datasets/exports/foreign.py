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
from ivg.io.images import resized
from ivg.types import CLIP_FRAMES

from ..episode import RobotEpisode, no_demonstration
from .feature_map import Feature, FeatureMap, Part

NO_SEED = -1  # of an episode whose scene has none
DEMO_FPS = 8.0  # of a demonstration that is not there
_SLACK_OPENING, _SLACK_ACTION = 0.05, 1e-3  # how far numbers may lie outside their range to be clipped
Array = NDArray[Any]


@dataclass(frozen=True)
class ImportOptions:
    """How datasets are read."""

    size: tuple[int, int] | None = None  # height and width of the images; as they are if None
    camera: str | None = None  # which images, by key or last part of the key; may be None if there is one camera
    text: str | None = None  # instruction, in place of the dataset's
    feature_map: FeatureMap | None = None  # where a foreign dataset keeps the parts; found by names if None
    frames: int = CLIP_FRAMES  # frames of the demonstration that stands for none, zeros


def chosen_camera(images: Sequence[str], options: ImportOptions, image: str | None) -> str:
    """Return the key of the images to read: what the options ask for, or else `image`, or else the only one.

    Raises:
        InputError: If there are no images, or several and none is chosen, or there is no such key.
    """
    if not images:
        raise InputError("the dataset has no images, and a robot episode needs one in every step")
    for key in images:
        if options.camera and options.camera in (key, key.split(".")[-1], key.removesuffix("_image")):
            return key
    wanted = options.camera or image
    if wanted in images:
        return str(wanted)
    if wanted is None and len(images) == 1:
        return images[0]
    if options.camera is None and wanted is None:
        raise InputError(f"the dataset has several cameras, choose one with --camera: {', '.join(images)}")
    raise unknown_option("camera", wanted, images)


def foreign_episode(
    columns: Mapping[str, Array],
    images: NDArray[np.uint8],
    feature_map: FeatureMap,
    features: Mapping[str, Feature],
    *,
    text: str,
    success: bool,
    fps: float,
    frames: int,
    source: dict[str, Any],
) -> RobotEpisode:
    """Build an episode of n steps with a demonstration of zeros of `frames` frames; the task is named after the text.

    `columns` are float (n, width) of each of the `features`, `images` uint8 (n, h, w, 3) RGB; `source` says where the
    episode is from.

    Raises:
        InputError: If numbers lie outside their range, or there is no text.
    """
    if not text.strip():
        raise InputError("the dataset has no instruction: give one with --text")

    def take(part: Part) -> NDArray[np.float64]:
        return np.asarray(columns[part.feature][:, part.indices(features)], np.float64)

    phase = np.zeros(len(images), np.float32)
    return RobotEpisode(
        image=images,
        proprio=_proprio(take, feature_map, np.arange(len(next(iter(columns.values())))) / fps),
        action=_action(take, feature_map),
        phase=phase,
        plan_phase=phase,
        **no_demonstration(frames),
        demo_clip=np.zeros((frames, *images.shape[1:]), np.uint8),
        task=re.sub(r"\W+", "_", text.strip().lower()).strip("_") or "task",
        text=text,
        seed=NO_SEED,
        success=success,
        provenance={"import": source},
        fps=fps,
        demo_fps=DEMO_FPS,
    )


def of_size(episode: dict[str, Any], size: tuple[int, int] | None) -> dict[str, Any]:
    """Return arguments of an episode with images and clip of a size."""
    arrays = {key: np.stack([resized(image, size) for image in episode[key]]) for key in ("image", "demo_clip")}
    return {**episode, **arrays}


Take = Callable[[Part], NDArray[np.float64]]


def _proprio(take: Take, feature_map: FeatureMap, times_s: NDArray[np.floating]) -> NDArray[np.float32]:
    proprio = np.zeros((len(times_s), 16), np.float32)
    proprio[:, 3] = 1
    if feature_map.position:
        proprio[:, :3] = take(feature_map.position)
    if feature_map.rotation:
        proprio[:, 3:7] = _quaternions(take(feature_map.rotation), feature_map.rotation.form)
    if feature_map.opening:
        fingers = take(feature_map.opening)
        opening = fingers if fingers.shape[1] == 1 else np.abs(fingers).sum(1, keepdims=True)
        proprio[:, 7] = _within("the gripper's opening", _scaled(feature_map.opening, opening), 0, _SLACK_OPENING)[:, 0]
    if feature_map.joints:
        proprio[:, 8:15] = take(feature_map.joints)
    proprio[:, 15] = times_s
    return proprio


def _quaternions(values: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    if form in ("wxyz", "xyzw"):
        if (np.linalg.norm(values, axis=1) < 1e-6).any():
            raise InputError(f"quaternions ({form}) of the rotation must not be zero")
        rotations = Rotation.from_quat(values[:, [1, 2, 3, 0]] if form == "wxyz" else values)
    else:
        rotations = Rotation.from_euler("xyz", values) if form == "euler" else Rotation.from_rotvec(values)
    return np.asarray(rotations.as_quat(canonical=True)[:, [3, 0, 1, 2]])


def _action(take: Take, feature_map: FeatureMap) -> NDArray[np.float32]:
    parts = []
    for part in feature_map.action:
        values = take(part) if part.low is None else 2 * _scaled(part, take(part)) - 1
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


def _scaled(part: Part, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return values (n, c) so that the part's low becomes 0 and its high 1; as they are if it has none."""
    if part.low is None or part.high is None:
        return np.asarray(values, np.float64)
    low, high = np.array(part.low), np.array(part.high)
    return np.asarray((values - low) / (high - low))

"""An episode of either kind of dataset, as the viewers show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..demonstrations import Demonstration
from ..episode import RobotEpisode

_HASH_DIGITS = 12

# names, and keys of a provenance that may hold their values; the first that is there counts
_NAMED = (
    ("source", ("source",)),
    ("environment", ("env", "id")),
    ("environment", ("context", "env")),
    ("interaction", ("execution", "manner")),
    ("outcome", ("execution", "words")),
    ("hand", ("lifting", "hand")),
    ("hand", ("appearance", "side")),
    ("hand", ("demonstration", "appearance", "side")),
    ("clip's seed", ("demonstration", "seed")),
    ("clip's seed", ("seed",)),
    ("denoising steps", ("demonstration", "steps")),
    ("denoising steps", ("steps",)),
    ("contact's cost", ("lifting", "contact", "cost")),
    ("contact's cost", ("execution", "contact", "cost")),
    ("lifting", ("lifting", "method")),
    ("lifting", ("execution", "lifting", "method")),
    ("made by ivg", ("demonstration", "versions", "ivg")),
    ("made by ivg", ("versions", "ivg")),
)

_WEIGHTS = (("weights",), ("demonstration", "weights"))


@dataclass(frozen=True, eq=False)
class ViewedEpisode:
    """An episode as it is shown.

    Attributes:
        clip: uint8 (t, h, w, 3), RGB, the demonstration.
        keypoints: float32 (t, 2, 21, 2), hand joints, normalised image coordinates, NaN where absent.
        region: bool (t, h, w), the region of motion in every frame; None where the dataset has none.
        fps: Frames per second of the clip.
        task: Name of the task, "" if unknown.
        text: Instruction.
        seed: Of the scene; None if unknown.
        success: Whether a robot succeeded; None if none tried.
        provenance: What made it, JSON values.
        robot: The robot's episode; None if the dataset has demonstrations only.
    """

    clip: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    region: NDArray[np.bool_] | None
    fps: float
    task: str
    text: str
    seed: int | None
    success: bool | None
    provenance: dict[str, Any]
    robot: RobotEpisode | None = None


def view_robot_episode(episode: RobotEpisode) -> ViewedEpisode:
    """Return a robot episode as it is shown."""
    present = episode.demo_present[:, :, None, None] > 0.5
    return ViewedEpisode(
        clip=episode.demo_clip,
        keypoints=np.where(present, episode.demo_keypoints, np.float32(np.nan)),
        region=None,
        fps=episode.demo_fps,
        task=episode.task,
        text=episode.text,
        seed=episode.seed,
        success=episode.success,
        provenance=episode.provenance,
        robot=episode,
    )


def view_demonstration(demonstration: Demonstration) -> ViewedEpisode:
    """Return a demonstration as it is shown; task, text and seed come from its provenance."""
    return ViewedEpisode(
        clip=demonstration.clip,
        keypoints=demonstration.keypoints,
        region=demonstration.region_per_frame if demonstration.region.any() else None,
        fps=demonstration.fps,
        provenance=demonstration.provenance,
        **named_in(demonstration.provenance),
    )


def named_in(provenance: dict[str, Any]) -> dict[str, Any]:
    """Return task, text, seed and success of a demonstration as far as its provenance names them."""
    context, execution = (_dict(provenance.get(key)) for key in ("context", "execution"))
    seed, success = context.get("scene_seed", provenance.get("seed")), execution.get("success")
    return {
        "task": str(context.get("task") or provenance.get("task") or ""),
        "text": str(provenance.get("text") or provenance.get("prompt") or ""),
        "seed": seed if isinstance(seed, int) else None,
        "success": success if isinstance(success, bool) else None,
    }


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def facts(episode: ViewedEpisode) -> list[tuple[str, str]]:
    """Return names and values to list of an episode: lengths, rates, and what its provenance says of its making."""
    frames, height, width, _ = episode.clip.shape
    rows = [("clip", f"{frames} frames, {episode.fps:g} a second, {width} x {height} px")]
    if episode.robot is not None:
        seconds = len(episode.robot) / episode.robot.fps
        rows.append(("robot", f"{len(episode.robot)} steps, {episode.robot.fps:g} a second, {seconds:.1f} s"))
    if episode.seed is not None:
        rows.append(("seed", str(episode.seed)))
    for name, keys in _NAMED:
        value = _at(episode.provenance, keys)
        if value is not None and name not in dict(rows):
            rows.append((name, f"{value:g}" if isinstance(value, float) else str(value)))
    weights = next((found for keys in _WEIGHTS if isinstance(found := _at(episode.provenance, keys), dict)), {})
    if weights:
        rows.append(("weights", f"{weights.get('name', '')} {str(weights.get('sha256', ''))[:_HASH_DIGITS]}".strip()))
    return rows


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    """Return the value at nested keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value

"""What there is to look at in an episode, whichever kind of dataset it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...demonstration import Demonstration
from ..episodes import RobotEpisode


@dataclass(frozen=True, eq=False)
class RobotTrack:
    """What a robot saw and did in n steps, and the paths that it was shown.

    Attributes:
        image: uint8 (n, h, w, 3), RGB.
        pose: float32 (n, 8), its end effector: position (m, world), quaternion wxyz, opening in [0, 1].
        joints: float32 (n, 7), angles, rad.
        action: float32 (n, 7) in [-1, 1].
        phase: float32 (n,) in [0, 1], where in the demonstration each step belongs.
        plan_phase: float32 (n,) in [0, 1], where on the way of `plan` each step led to.
        path: float32 (t, 8), the gripper path of the demonstration's frames, as `pose`.
        plan: float32 (32, 8), the same of a robot's gripper in the hand's place.
        fps: Steps a second.
    """

    image: NDArray[np.uint8]
    pose: NDArray[np.float32]
    joints: NDArray[np.float32]
    action: NDArray[np.float32]
    phase: NDArray[np.float32]
    plan_phase: NDArray[np.float32]
    path: NDArray[np.float32]
    plan: NDArray[np.float32]
    fps: float

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.image)


@dataclass(frozen=True, eq=False)
class ViewedEpisode:
    """An episode as it is looked at.

    Attributes:
        clip: uint8 (t, h, w, 3), RGB, the demonstration.
        keypoints: float32 (t, 2, 21, 2), hand joints, normalised image coordinates, NaN where absent.
        region: bool (t, h, w), the region of motion in every frame; None where the dataset has none.
        fps: Frames of the clip a second.
        task: Name of the task, "" if unknown.
        text: What was asked for.
        seed: Of the scene; None if unknown.
        success: Whether a robot did it; None if none tried.
        provenance: What made it, JSON values.
        robot: What a robot did then; None if the dataset has demonstrations only.
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
    robot: RobotTrack | None = None


def view_robot_episode(episode: RobotEpisode) -> ViewedEpisode:
    """Return a robot episode as it is looked at."""
    there = episode.demo_present[:, :, None, None] > 0.5
    return ViewedEpisode(
        clip=episode.demo_clip,
        keypoints=np.where(there, episode.demo_keypoints, np.float32(np.nan)),
        region=None,
        fps=episode.demo_fps,
        task=episode.task,
        text=episode.text,
        seed=episode.seed,
        success=episode.success,
        provenance=episode.provenance,
        robot=RobotTrack(
            image=episode.image,
            pose=episode.proprio[:, :8],
            joints=episode.proprio[:, 8:15],
            action=episode.action,
            phase=episode.phase,
            plan_phase=episode.plan_phase,
            path=episode.demo_path,
            plan=episode.demo_plan,
            fps=episode.fps,
        ),
    )


def view_demonstration(demonstration: Demonstration) -> ViewedEpisode:
    """Return a demonstration as it is looked at; task, text and seed stand in its provenance, if anywhere."""
    named = named_in(demonstration.provenance)
    return ViewedEpisode(
        clip=demonstration.clip,
        keypoints=demonstration.keypoints,
        region=demonstration.region_per_frame if demonstration.region.any() else None,
        fps=demonstration.fps,
        provenance=demonstration.provenance,
        **named,
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

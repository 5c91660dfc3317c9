"""A robot episode: observations and actions of a robot, and the demonstration that it followed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.inputs import check_array
from ivg.types import CLIP_FRAMES, HANDS, JOINTS

PLAN_POINTS = 32  # poses of a demonstration's plan
DEMONSTRATION_KEYS = ("demo_keypoints", "demo_present", "demo_path", "demo_plan")  # as policies observe them
# the arrays of a whole demonstration, and what else an episode holds beside its steps and its provenance
DEMONSTRATION_ARRAYS = (*DEMONSTRATION_KEYS, "demo_clip")
FACTS = {"task": str, "text": str, "seed": int, "success": bool, "fps": float, "demo_fps": float}

PROPRIO_SIZE = 16  # numbers of the proprioception: end effector (7), opening, joints (7), time
ACTION_SIZE = 7  # numbers of an action: translation, rotation, gripper


@dataclass(frozen=True, eq=False)
class RobotEpisode:
    """An episode of n steps, and its demonstration of t frames.

    In step i the robot observed ``image[i]`` and ``proprio[i]`` and then took ``action[i]``.

    Attributes:
        image: uint8 (n, h, w, 3), RGB.
        proprio: float32 (n, 16): end effector's position (m, world) and quaternion (wxyz), gripper opening in [0, 1],
            7 joint angles (rad), time since the reset (s).
        action: float32 (n, 7) in [-1, 1]: translation, rotation, gripper (-1 opens).
        phase: float32 (n,) in [0, 1], position in the demonstration: 0 its first frame, 1 its last.
        plan_phase: float32 (n,) in [0, 1], position along `demo_plan` that the step led to: 0 its begin, 1 its end.
        demo_keypoints: float32 (t, 2, 21, 2), hand joints, normalised image coordinates, 0 where absent (Eq. 2).
        demo_present: float32 (t, 2), 1 where the hand is there, else 0; hand 0 is the left one.
        demo_path: float32 (t, 8), gripper trajectory in the world: position (m), quaternion wxyz, opening in [0, 1].
        demo_plan: float32 (32, 8), the same planned for the robot's gripper, in steps of equal length
            (`ivg.policy.conditioning.observation`).
        demo_clip: uint8 (t, h, w, 3), RGB, of the images' size.
        task: Name of the task.
        text: Instruction of the demonstration.
        seed: Of the scene and of the demonstration.
        success: The environment's success predicate.
        provenance: What made it; holds only what JSON can.
        fps: Steps per second.
        demo_fps: Frames per second of the demonstration.

    Raises:
        InputError: If shapes, dtypes or values do not fit together.
    """

    image: NDArray[np.uint8]
    proprio: NDArray[np.float32]
    action: NDArray[np.float32]
    phase: NDArray[np.float32]
    plan_phase: NDArray[np.float32]
    demo_keypoints: NDArray[np.float32]
    demo_present: NDArray[np.float32]
    demo_path: NDArray[np.float32]
    demo_plan: NDArray[np.float32]
    demo_clip: NDArray[np.uint8]
    task: str
    text: str
    seed: int
    success: bool
    provenance: dict[str, Any] = field(default_factory=dict)
    fps: float = 20.0
    demo_fps: float = 8.0

    def __post_init__(self) -> None:
        steps, frames, size = len(self.image), len(self.demo_clip), tuple(self.image.shape[1:3])
        shapes = {"image": (steps, *size, 3), "proprio": (steps, PROPRIO_SIZE), "action": (steps, ACTION_SIZE)}
        shapes |= {"phase": (steps,), "plan_phase": (steps,)}
        shapes |= {key: array.shape for key, array in no_demonstration(frames).items()}
        for name, shape in (shapes | {"demo_clip": (frames, *size, 3)}).items():
            value, is_image = getattr(self, name), name in ("image", "demo_clip")
            check_array(name, value, np.uint8 if is_image else np.float32, shape)
            if not is_image and not np.isfinite(value).all():
                raise InputError(f"{name} must be finite")
        _check_range("action", self.action, -1.0, 1.0)
        for name in ("phase", "plan_phase", "demo_present"):
            _check_range(name, getattr(self, name), 0.0, 1.0)
        _check_range("opening of demo_path", self.demo_path[:, 7], 0.0, 1.0)
        if not steps or not frames:
            raise InputError(f"an episode has at least one step and one frame, got {steps} and {frames}")
        if not (self.fps > 0 and self.demo_fps > 0):
            raise InputError(f"fps and demo_fps must be positive, got {self.fps} and {self.demo_fps}")
        if not self.task or not self.text:
            raise InputError(f"task and text must not be empty, got {self.task!r} and {self.text!r}")
        for name in ("task", "text"):
            try:
                getattr(self, name).encode()
            except UnicodeEncodeError as error:
                got = f"got {getattr(self, name)!r}"
                raise InputError(f"{name} must be a text that UTF-8 can hold, {got}") from error

    def __len__(self) -> int:
        return len(self.image)

    @property
    def pose(self) -> NDArray[np.float32]:
        """float32 (n, 8), the end effector: position (m, world), quaternion wxyz, opening in [0, 1]."""
        return self.proprio[:, :8]

    @property
    def joints(self) -> NDArray[np.float32]:
        """float32 (n, 7), joint angles, rad."""
        return self.proprio[:, 8:15]

    @property
    def demo_frame(self) -> NDArray[np.int64]:
        """int64 (n,): the demonstration's frame that is nearest to each step's phase."""
        return np.rint(self.phase * (len(self.demo_clip) - 1)).astype(np.int64)


def no_demonstration(frames: int = CLIP_FRAMES) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of `DEMONSTRATION_KEYS` that stand for no demonstration: zeros."""
    return {
        "demo_keypoints": np.zeros((frames, len(HANDS), JOINTS, 2), np.float32),
        "demo_present": np.zeros((frames, len(HANDS)), np.float32),
        "demo_path": np.zeros((frames, 8), np.float32),
        "demo_plan": np.zeros((PLAN_POINTS, 8), np.float32),
    }


def _check_range(name: str, value: NDArray[np.float32], low: float, high: float) -> None:
    if ((value < low) | (value > high)).any():
        raise InputError(f"{name} must lie in [{low:g}, {high:g}], got {value.min():g} to {value.max():g}")

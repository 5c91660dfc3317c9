"""``ivg-demo --execute``: the robot of the demonstration's scene does what the hand was seen doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, IvgError
from ..types import Camera

if TYPE_CHECKING:
    from ..policy import Demonstration
    from ..policy.control import Execution, GripperPlan
    from ..policy.extraction import ExtractedDemonstration
    from .context import ContextFrame

HORIZON = 600
"""Steps after which the robot is stopped (30 s)."""

SAME = 8
"""Levels by which pixels of one scene may differ."""


@dataclass(frozen=True, eq=False)
class RobotRun:
    """What came of a demonstration that the robot was to follow.

    Attributes:
        success: Whether the task is done; None where the environment does not score what was asked for.
        reason: Why it is not done, or not known to be; "" on success.
        images: uint8 (n + 1, h, w, 3), RGB, what the camera saw before each of n steps and after the last; n + 1 = 0
            where the robot did not move.
        phase: float32 (n + 1,) in [0, 1], which moment of the demonstration each of them belongs to.
        fps: Steps a second.
        notes: More for the report (manner, hand, lifter), as JSON can hold it.
    """

    success: bool | None
    reason: str
    images: NDArray[np.uint8]
    phase: NDArray[np.float32]
    fps: float
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Whether there is something to be seen."""
        return len(self.images) > 0

    @property
    def steps(self) -> int:
        """How many steps the robot did."""
        return max(0, len(self.images) - 1)

    @property
    def mark(self) -> str:
        """The outcome in two words at most."""
        return "not scored" if self.success is None else "done" if self.success else "not done"

    @property
    def verdict(self) -> str:
        """The outcome, without its reason."""
        if self.success is None:
            return f"the robot followed the hand for {self.steps / self.fps:.1f} s"
        return f"the robot did it in {self.steps / self.fps:.1f} s" if self.success else "the robot did not succeed"

    @property
    def words(self) -> str:
        """The outcome and its reason."""
        return f"{self.verdict}: {self.reason}" if self.reason else self.verdict

    @property
    def facts(self) -> dict[str, Any]:
        """The same for a report, as JSON can hold it."""
        return {
            "success": self.success,
            "reason": self.reason,
            "mark": self.mark,
            "words": self.words,
            "steps": self.steps,
            "seconds": self.steps / self.fps,
            **self.notes,
        }


class RobotScene:
    """An environment, reset to the scene of a context frame, in which the robot can follow a hand.

    It is made before anything is generated, so that a camera that no path can be read from is refused at once.

    Args:
        context: The frame, taken from this environment's scene.
        text: The task.
        name: The environment's name, for messages.

    Raises:
        InputError: If the packaged lifter does not know the environment's camera, or the scene is another.
    """

    def __init__(self, context: ContextFrame, text: str, name: str) -> None:
        from ..policy.hands3d.lifting import HandLifter

        origin = context.origin
        self.env: gymnasium.Env[Any, Any] = gymnasium.make(
            f"ivg.envs:{origin['env']}",
            task=text,
            camera_size=origin["camera_size"],
            horizon=HORIZON,
            disable_env_checker=True,
        )
        try:
            self.observation, info = self.env.reset(seed=origin["scene_seed"])
            self.camera = Camera(**info["camera"])
            self.scored = context.task is not None
            self.lifter = HandLifter.from_pretrained("kitchen")
            _check_camera(self.lifter, self.camera, name)
            _check_same(self.observation["image"], context.frame, name)
            self.depth = self.env.unwrapped.depth()  # type: ignore[attr-defined]
        except BaseException:
            self.env.close()
            raise

    def __enter__(self) -> RobotScene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.env.close()

    @property
    def fps(self) -> float:
        """Steps a second."""
        return float(self.env.metadata.get("render_fps", 20))

    def follow(self, demonstration: Demonstration) -> RobotRun:
        """Let the robot do what the hand does; once, from the scene as it was laid out.

        Args:
            demonstration: Generated from the scene's frame.

        Returns:
            What came of it. That no path can be read off the clip is such an outcome, not an error.
        """
        try:
            extracted = self.read(demonstration)
        except IvgError as error:
            return self.refused(demonstration, error)
        return self.follow_path(extracted)

    def read(self, demonstration: Demonstration) -> ExtractedDemonstration:
        """Read the path off a demonstration that was generated from the scene's frame.

        Raises:
            NoHandError: If it shows no hand.
        """
        from ..policy.extraction import extract

        return extract(demonstration, self.camera, self.lifter, depth=self.depth)

    def follow_path(self, extracted: ExtractedDemonstration) -> RobotRun:
        """Let the robot go a path that was read off a demonstration; as `follow`."""
        from ..policy.control import execute, plan_demonstration

        try:
            plan = plan_demonstration(extracted)
        except IvgError as error:
            return self.refused(extracted.demonstration, error)
        return self._run_of(execute(self.env, plan, self.observation), plan, extracted)  # type: ignore[arg-type]

    def refused(self, demonstration: Demonstration, error: IvgError) -> RobotRun:
        """Return the outcome of a demonstration that no path can be read off, as the error says."""
        reason = f"no path can be read off the clip: {error}"
        nothing = np.zeros((0, *demonstration.clip.shape[1:]), np.uint8)
        return RobotRun(False, reason, nothing, np.zeros(0, np.float32), self.fps, {"manner": None, "hand": None})

    def _run_of(self, execution: Execution, plan: GripperPlan, extracted: ExtractedDemonstration) -> RobotRun:
        lifting = {"method": extracted.hands.method, **extracted.hands.provenance}
        contact = None if extracted.contact is None else extracted.contact.as_json
        return RobotRun(
            success=execution.success if self.scored else None,
            reason=self._reason(execution),
            images=np.concatenate([execution.observations["image"], execution.last["image"][None]]),
            phase=np.append(execution.phase, execution.phase[-1:]),
            fps=self.fps,
            notes={"manner": plan.interaction_type, "hand": extracted.hand, "lifting": lifting, "contact": contact},
        )

    def _reason(self, execution: Execution) -> str:
        if not self.scored:
            return "the environment does not score this text"
        if execution.success:
            return ""
        if len(execution) >= HORIZON:
            return f"time was up after {HORIZON / self.fps:.0f} s"
        return "it followed the hand to the end, and the task is not done"


def _check_camera(lifter: Any, camera: Camera, name: str) -> None:
    try:
        lifter.level.check(camera)
    except InputError as error:
        raise InputError(f"--execute cannot be used with --env {name}: {error}") from error


def _check_same(image: NDArray[np.uint8], context: NDArray[np.uint8], name: str) -> None:
    if image.shape != context.shape or np.abs(image.astype(np.int16) - context).max() > SAME:
        raise InputError(f"--execute: '{name}' does not lay out the same scene twice for one seed")

"""The robot of a demonstration's scene follows the generated hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, IvgError
from ...types import Camera

if TYPE_CHECKING:
    from ...policy import Demonstration
    from ...policy.control import Execution
    from ...policy.extraction import ExtractedDemonstration
    from .context import ContextFrame

HORIZON = 600  # steps after which the robot is stopped (30 s)
_SAME_SCENE = 8  # largest difference of grey levels between two renderings of one scene


@dataclass(frozen=True, eq=False)
class RobotRun:
    """The outcome of a demonstration that the robot had to follow.

    Attributes:
        success: Whether the task is done; None where the environment does not score it.
        reason: Why it is not done, or not scored; "" on success.
        images: uint8 (n + 1, h, w, 3), RGB, the camera's image before each of n steps and after the last; n + 1 = 0
            where the robot did not move.
        phase: float32 (n + 1,) in [0, 1], the moment of the demonstration that each of them belongs to.
        fps: Steps a second.
        notes: More for the report (interaction type, hand, lifter), as JSON can hold it.
    """

    success: bool | None
    reason: str
    images: NDArray[np.uint8]
    phase: NDArray[np.float32]
    fps: float
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Whether the robot did a step."""
        return len(self.images) > 0

    @property
    def steps(self) -> int:
        """Number of steps that the robot did."""
        return max(0, len(self.images) - 1)

    @property
    def mark(self) -> str:
        """The outcome in two words at most."""
        return "not scored" if self.success is None else "done" if self.success else "not done"

    @property
    def verdict(self) -> str:
        """The outcome, without its reason."""
        if self.success is False:
            return "the robot did not succeed"
        done = "followed the hand for" if self.success is None else "did it in"
        return f"the robot {done} {self.steps / self.fps:.1f} s"

    @property
    def words(self) -> str:
        """The outcome and its reason."""
        return f"{self.verdict}: {self.reason}" if self.reason else self.verdict

    @property
    def facts(self) -> dict[str, Any]:
        """The same for a report, as JSON can hold it."""
        facts = {name: getattr(self, name) for name in ("success", "reason", "mark", "words", "steps")}
        return {**facts, "seconds": self.steps / self.fps, **self.notes}


class RobotScene:
    """An environment, reset to the scene of a context frame, in which the robot can follow a hand.

    Made before anything is generated, so that a camera that the lifter does not know is refused at once.

    Args:
        context: The frame, taken from this environment's scene.
        text: The task.
        name: The environment's name, for messages: an `InputError` if the packaged lifter does not know its camera,
            or if its scene is another than the frame's.
    """

    def __init__(self, context: ContextFrame, text: str, name: str) -> None:
        from ...policy.hands3d.lifting import HandLifter

        origin = context.origin
        settings = {"camera_size": origin["camera_size"], "horizon": HORIZON, "disable_env_checker": True}
        self.env: gymnasium.Env[Any, Any] = gymnasium.make(f"ivg.envs:{origin['env']}", task=text, **settings)
        try:
            self.observation, info = self.env.reset(seed=origin["scene_seed"])
            self.camera = Camera(**info["camera"])
            self.scored = context.task is not None
            self.lifter = HandLifter.from_pretrained("kitchen")
            self._check(context.frame, f"the robot cannot follow a hand in '{name}'")
            self.depth = self.env.unwrapped.depth()  # type: ignore[attr-defined]
        except BaseException:
            self.env.close()
            raise

    def __enter__(self) -> RobotScene:
        return self

    def __exit__(self, *_: object) -> None:
        self.env.close()

    def _check(self, frame: NDArray[np.uint8], refusal: str) -> None:
        try:
            self.lifter.canonical_camera.check(self.camera)
        except InputError as error:
            raise InputError(f"{refusal}: {error}") from error
        image = self.observation["image"]
        if image.shape != frame.shape or np.abs(image.astype(np.int16) - frame).max() > _SAME_SCENE:
            raise InputError(f"{refusal}: it never has the same scene twice for one seed")

    @property
    def fps(self) -> float:
        """Steps a second."""
        return float(self.env.metadata.get("render_fps", 20))

    def follow(self, extracted: ExtractedDemonstration, on_step: Callable[[int], None] | None = None) -> RobotRun:
        """Let the robot follow a trajectory of the scene's frame; once, from the scene as it was reset.

        `on_step` is called with the number of steps done before each step. That no plan can be made of the trajectory
        is an outcome too, not an error.
        """
        from ...policy.control import execute, plan_demonstration

        try:
            plan = plan_demonstration(extracted)
        except IvgError as error:
            return self.refused(extracted.demonstration, error)
        execution = execute(self.env, plan, self.observation, on_step=on_step)  # type: ignore[arg-type]
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

    def refused(self, demonstration: Demonstration, error: IvgError) -> RobotRun:
        """Return the outcome of a demonstration without a usable trajectory, with the error as the reason."""
        reason = f"no path can be read off the clip: {error}"
        nothing = np.zeros((0, *demonstration.clip.shape[1:]), np.uint8)
        return RobotRun(False, reason, nothing, np.zeros(0, np.float32), self.fps, {"manner": None, "hand": None})

    def _reason(self, execution: Execution) -> str:
        if not self.scored:
            return "the environment does not score this text"
        if execution.success:
            return ""
        time_up = f"time was up after {HORIZON / self.fps:.0f} s"
        return time_up if len(execution) >= HORIZON else "it followed the hand to the end, and the task is not done"

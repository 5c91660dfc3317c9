"""A worker that lets the robot follow demonstrations of several sources."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...types import HANDS, Camera
from ..episodes.attempts import HORIZON, make_kitchen
from .trials import Sources, Trial

if TYPE_CHECKING:
    from ...policy.control import GripperPlan
    from ...policy.evaluation import Outcome

ELSEWHERE = 7_000_000  # added to a scene's seed for the kitchen that "elsewhere" is in


@dataclass(frozen=True)
class ExecuteSettings:
    """A key of `ENVIRONMENTS`, the generator's weights ("nano" or a folder) and device, side of the images, px."""

    env: str = "kitchen"
    weights: str = "nano"
    size: int = 256
    device: str = "cpu"


class ExecutionWorker:
    """A worker that lets the robot follow a demonstration; it keeps the sources of demonstrations that it has met."""

    def __init__(self, settings: ExecuteSettings) -> None:
        from ...policy.hands3d.lifting import HandLifter

        self.settings = settings
        self.lifter = HandLifter.from_pretrained("kitchen")
        self.sources = Sources(settings.env, settings.weights, settings.device)
        self.demonstrator: Any = None
        self.env = make_kitchen(settings.env, settings.size, image=False, render_mode="rgb_array", horizon=HORIZON)

    def __call__(self, trial: Trial) -> Outcome:
        """Make one attempt."""
        from ...policy.control import execute
        from ...policy.extraction import NoHandError

        began = time.perf_counter()
        observation, info = self.env.reset(seed=trial.seed, options={"task": trial.task})
        frame, camera = np.asarray(self.env.render()), Camera(**info["camera"])
        try:
            plan = self._plan(trial, frame, camera)
        except NoHandError as error:
            return trial.outcome("no_hand", str(error), seconds=time.perf_counter() - began)
        done = execute(self.env.unwrapped, plan, observation)  # type: ignore[arg-type]
        reason = "" if done.success else "not_done"
        return trial.outcome(reason, plan.interaction_type, len(done), time.perf_counter() - began)

    def _plan(self, trial: Trial, frame: NDArray[np.uint8], camera: Camera) -> GripperPlan:
        from ...policy.control import plan_demonstration, plan_gripper
        from ...policy.retargeting.refinement import refine_contact
        from ...policy.sampling import SAMPLES, best_of_n

        depth = self.env.unwrapped.depth()  # type: ignore[attr-defined]
        if trial.source in ("path", "elsewhere"):
            joints = self._true_joints(trial.task, trial.seed + (ELSEWHERE if trial.source == "elsewhere" else 0))
            contact = refine_contact(joints, depth, camera)
            seen = () if contact.found else (frame, camera)
            return plan_gripper(contact.joints_world_m, *seen, deeper_m=contact.deeper_m)
        attempt = trial.attempt
        source = self.sources("truth" if trial.source == "truth" else "generated", trial.task, self.settings.size)
        best = best_of_n(
            source(attempt),
            frame,
            attempt.text,
            camera,
            seed=trial.seed,
            lifter=self.lifter,
            depth=None if trial.source == "colour" else depth,
            samples=SAMPLES if trial.source == "chosen" else 1,
        )
        return plan_demonstration(best)

    def _true_joints(self, task: str, seed: int) -> NDArray[np.floating]:
        """Return the joints of the person who acts a task in its scene; frame 0 shows no hand."""
        if self.demonstrator is None:
            from ...envs.human.demonstrator import HumanDemonstrator

            self.demonstrator = HumanDemonstrator(size=32)
        clip = self.demonstrator.render(task, seed)
        joints: NDArray[np.floating] = clip.joints_world_m[:, HANDS.index(clip.side)].copy()
        joints[0] = np.nan
        return joints

"""The stages of one run of ``ivg-app``: scene, region, clip, hand tracks, path, robot; each told as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..types import Appearance
from ..workflows.context import DEFAULT_CAMERA_SIZE, PACKAGED_WEIGHTS, ContextFrame, frame_from_environment
from ..workflows.demo_execution import RobotScene
from .request import SCENE, AppRequest
from .view import AppView, new_stages

if TYPE_CHECKING:
    from ..policy import DemoGenerator, Demonstration
    from ..policy.extraction import ExtractedDemonstration

STRANGE_PICTURE = (
    "The packaged weights were trained on rendered kitchens at 128 px only: of a picture of another place they seldom "
    "make a good clip."
)
NO_ROBOT = "A picture has no robot, and its camera is not known: there is no path in metres and nothing to follow it."
NOT_SCORED = (
    "This text is near none of the kitchen's tasks: the clip is generated all the same, but success is not scored."
)

_EVERY = 10
"""Steps of the robot after which is told how far it is."""


class StoppedError(Exception):
    """The visitor stopped the run."""


class AppRun:
    """Does what a request asks for, in the thread that it is called in.

    Args:
        request: What is asked for.
        frame: The picture's frame; None for the kitchen.
        generator: Makes demonstrations. If its pipeline has an attribute `tell`, that is used (`TellingPipeline`).
        show: Called with each view.
        stopping: Asked between steps; the run ends with `StoppedError` if it says so.
    """

    def __init__(
        self,
        request: AppRequest,
        frame: ContextFrame | None,
        generator: DemoGenerator,
        show: Callable[[AppView], None],
        stopping: Callable[[], bool],
    ) -> None:
        self.request, self.frame, self.generator = request, frame, generator
        self._show, self._stopping = show, stopping
        stages = new_stages(scene=request.source == SCENE, robot=request.robot)
        self.view = AppView(request.text, stages, samples=request.samples)
        self._began: dict[str, tuple[float, float]] = {}  # of running stages: when, and the seconds before that

    def __call__(self) -> None:
        """Run to the end.

        Raises:
            StoppedError: If it was stopped.
            IvgError: If it cannot be done.
            EnvsError: Likewise.
        """
        self._begin("scene")
        if self.frame is not None:
            self._with_picture(self.frame)
            return
        request = self.request
        context = frame_from_environment(SCENE, request.text, request.seed, DEFAULT_CAMERA_SIZE)
        self._put(context=context, notices=() if context.task else (NOT_SCORED,))
        with RobotScene(context, request.text, SCENE) as scene:
            self._put(depth=scene.depth)
            self._end("scene")
            self._with_scene(scene, context)

    def _with_picture(self, context: ContextFrame) -> None:
        packaged = self.generator.weights == PACKAGED_WEIGHTS
        self._put(context=context, notices=((STRANGE_PICTURE,) if packaged else ()) + (NO_ROBOT,))
        self._end("scene")
        self._demonstrate(context.frame, self.request.text, self.request.seed)

    def _with_scene(self, scene: RobotScene, context: ContextFrame) -> None:
        from ..policy import best_of_n
        from ..policy.extraction import NoHandError

        request = self.request
        seen: dict[str, Any] = {"seed": request.seed, "lifter": scene.lifter, "depth": scene.depth}
        try:
            found = best_of_n(
                self._demonstrate, context.frame, request.text, scene.camera, samples=request.samples, **seen
            )
        except NoHandError as error:
            self._end("path")
            self._put(no_path=str(error))
            return
        self._chosen(found)
        self._end("path")
        if request.robot:
            self._begin("robot")
            scene.env = _WatchedSteps(scene.env, self._robot_step)
            self._put(run=scene.follow_path(found))
            self._end("robot")

    def _demonstrate(
        self, frame: NDArray[np.uint8], text: str, seed: int = 0, appearance: Appearance | None = None, /
    ) -> Demonstration:
        """Make a demonstration, and tell what there is of it."""
        if self.view.demonstration is not None:
            self._another_sample()
        self._begin("region")
        self._early: set[str] = set()
        self.generator.pipeline.tell = self._told
        try:
            demonstration = self.generator(
                frame,
                text,
                seed,
                self.request.appearance(seed, appearance),
                steps=self.request.steps,
                progress=self._progress,
            )
        finally:
            self.generator.pipeline.tell = None
        for key in ("region", "clip", "hands"):
            self._end(key)
        late = {"region": demonstration.region, "clip": demonstration.clip}
        late = {what: pixels for what, pixels in late.items() if what not in self._early}
        self._put(demonstration=demonstration, **late)
        self._begin("path")
        return demonstration

    def _another_sample(self) -> None:
        """Begin the stages of the generator anew; what they took counts on."""
        self._end("path")
        for key in ("region", "clip", "hands", "path"):
            self.view = self.view.with_stage(key, phase="waiting", done=0, total=0)
        self._put(sample=self.view.sample + 1)

    def _chosen(self, found: ExtractedDemonstration) -> None:
        """Show the demonstration that `watch` took; with several samples it need not be the last one."""
        demonstration = found.demonstration
        shown: dict[str, Any] = {} if demonstration is self.view.demonstration else {"demonstration": demonstration}
        if shown:
            shown |= {"region": demonstration.region, "clip": demonstration.clip}
        self._put(extracted=found, **shown)

    def _told(self, what: str, pixels: NDArray[Any]) -> None:
        """Take what the pipeline has: its region or its clip."""
        self._early.add(what)
        self._end(what)
        self._begin({"region": "clip", "clip": "hands"}[what])
        self._put(**{what: pixels})

    def _progress(self, stage: str, done: int, total: int) -> None:
        self._begin(stage)
        self.view = self.view.with_stage(stage, done=done, total=total)
        self._put()

    def _robot_step(self, done: int) -> None:
        self._check()
        if done % _EVERY == 0:
            self._progress("robot", done, 0)

    def _begin(self, key: str) -> None:
        """Begin a stage, unless it is running or done."""
        stage = self.view.stages.get(key)
        if stage is None or stage.phase != "waiting":
            return
        self._began[key] = (time.perf_counter(), stage.seconds)
        self.view = self.view.with_stage(key, phase="running")
        self._put()

    def _end(self, key: str) -> None:
        if key in self._began:
            began, before = self._began.pop(key)
            self.view = self.view.with_stage(key, phase="done", seconds=before + time.perf_counter() - began)
            self._put()

    def _put(self, **values: Any) -> None:
        """Show the view with other values."""
        self._check()
        now = time.perf_counter()
        for key, (began, before) in self._began.items():
            self.view = self.view.with_stage(key, seconds=before + now - began)
        self.view = self.view.changed(**values)
        self._show(self.view)

    def _check(self) -> None:
        if self._stopping():
            raise StoppedError


class _WatchedSteps(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment that tells each step before it is done."""

    def __init__(self, env: gymnasium.Env[Any, Any], told: Callable[[int], None]) -> None:
        super().__init__(env)
        self._told, self._steps = told, 0

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Do one step."""
        self._told(self._steps)
        self._steps += 1
        return self.env.step(action)

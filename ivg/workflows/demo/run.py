"""The stages of one demonstration between the context frame and the files: samples, trajectory, robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ...io.stopwatch import Stopwatch
from .context import ContextFrame, choose_appearance
from .result import DemoResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...policy import DemoGenerator, Demonstration
    from ...types import Appearance
    from .execution import RobotScene

ProgressCallback = Callable[[str, int, int], None]  # (stage, done, total); a total of 0 means that it is not known
PartCallback = Callable[[str, Any], None]  # (stage, value), when a stage is done

_ROBOT_STEPS = 10  # between two calls of the progress callback


def ignore(*_: Any) -> None:
    """Do nothing with a report of progress."""


@dataclass(eq=False)
class DemoRun:
    """Generates the samples of one run, and lets the robot follow the best of them.

    Takes what `make_demonstration` takes; `person` holds `side`, `skin` and `hand_size` of `choose_appearance`, the
    seed is the first sample's, and more than one sample needs a robot scene.

    Attributes:
        clock: Seconds of the stages.
        made: The samples so far.
    """

    text: str
    seed: int
    steps: int | None
    samples: int
    person: dict[str, Any]
    on_progress: ProgressCallback = ignore
    on_part: PartCallback = ignore
    clock: Stopwatch = field(default_factory=Stopwatch)
    made: list[Demonstration] = field(default_factory=list)

    def __call__(
        self, generator: DemoGenerator, context: ContextFrame, scene: RobotScene | None, execute: bool
    ) -> DemoResult:
        """Generate; with a scene, read the trajectory off the clip, and execute it if asked to."""
        if scene is None:
            demonstration = self._demonstrate(generator, context, context.frame, self.text, self.seed)
            del self.clock.seconds["generation"]  # the demonstration's provenance has it, and its parts
            return DemoResult(demonstration, context, self.clock.seconds)
        from ...policy import best_of_n
        from ...policy.extraction import NoHandError

        extracted, execution, no_trajectory = None, None, ""
        with self.clock("execution"):
            try:
                demonstrate = partial(self._demonstrate, generator, context)
                options: dict[str, Any] = {"seed": self.seed, "samples": self.samples}
                options |= {"lifter": scene.lifter, "depth": scene.depth}
                extracted = best_of_n(demonstrate, context.frame, self.text, scene.camera, **options)
                self.on_part("trajectory", extracted)
                if execute:
                    execution = scene.follow(extracted, self._robot_step)
            except NoHandError as error:
                no_trajectory = str(error)
                execution = scene.refused(self.made[-1], error) if execute else None
        self.clock.seconds["execution"] -= self.clock.seconds.pop("generation")
        demonstration = self.made[-1] if extracted is None else extracted.demonstration
        if execution is not None:
            demonstration.provenance["execution"] = execution.facts
            self.on_part("robot", execution)
        return DemoResult(demonstration, context, self.clock.seconds, extracted, execution, no_trajectory)

    def _demonstrate(
        self,
        generator: DemoGenerator,
        context: ContextFrame,
        frame: NDArray[np.uint8],
        text: str,
        seed: int,
        drawn: Appearance | None = None,
    ) -> Demonstration:
        """Generate a sample; the drawn appearance decides the side unless one was asked for."""
        if self.samples > 1:
            self.on_progress("sample", len(self.made) + 1, self.samples)
        person = self.person if drawn is None or self.person["side"] else {**self.person, "side": drawn.side}
        options: dict[str, Any] = {"steps": self.steps, "progress": self.on_progress, "on_part": self.on_part}
        with self.clock("generation"):
            demonstration = generator(frame, text, seed=seed, appearance=choose_appearance(seed, **person), **options)
        demonstration.provenance["context"] = context.origin
        self.made.append(demonstration)
        self.on_part("hands", demonstration)
        return demonstration

    def _robot_step(self, done: int) -> None:
        if done % _ROBOT_STEPS == 0:
            self.on_progress("robot", done, 0)

"""What ``ivg-app``'s page shows at one moment of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..policy import Demonstration
    from ..policy.extraction import ExtractedDemonstration
    from ..workflows.context import ContextFrame
    from ..workflows.demo_execution import RobotRun

Phase = Literal["waiting", "running", "done", "stopped"]

STAGES = {
    "scene": "Scene",
    "region": "Region of motion",
    "clip": "Clip",
    "hands": "Hand tracks",
    "path": "Path in 3D",
    "robot": "Robot",
}
"""Keys of the stages in their order, and what the page calls them."""


WITHOUT_SCENE = ("path", "robot")
"""Stages that a picture does not have."""


@dataclass(frozen=True)
class Stage:
    """How far a stage is.

    Attributes:
        phase: Waiting, running, done, or stopped before its end.
        seconds: What it took so far; of all clips together, if several are made.
        done: Steps done, of those that have steps.
        total: Steps in all; 0 if it has none.
    """

    phase: Phase = "waiting"
    seconds: float = 0.0
    done: int = 0
    total: int = 0


@dataclass(frozen=True, eq=False)
class AppView:
    """All that there is to show; what is None is not there yet.

    Attributes:
        text: The task.
        stages: Of `STAGES`, those that this run has.
        context: The frame.
        depth: float32 (h, w), m along the optical axis: what the frame shows; None for a picture.
        region: bool (h, w).
        clip: uint8 (t, h, w, 3).
        demonstration: The clip with its hand tracks.
        extracted: The path that was read off it.
        no_path: Why no path can be read off the clip; "" if one can, or may.
        run: What the robot did.
        sample: Which clip this is, from 1.
        samples: How many there can be.
        notices: What a visitor has to know of these clips.
        message: Why the run did not come to its end; "" if it did, or may.
        stopped: Whether the visitor stopped it.
        ended: Whether nothing more comes.
    """

    text: str = ""
    stages: dict[str, Stage] = field(default_factory=dict)
    context: ContextFrame | None = None
    depth: NDArray[np.float32] | None = None
    region: NDArray[np.bool_] | None = None
    clip: NDArray[np.uint8] | None = None
    demonstration: Demonstration | None = None
    extracted: ExtractedDemonstration | None = None
    no_path: str = ""
    run: RobotRun | None = None
    sample: int = 1
    samples: int = 1
    notices: tuple[str, ...] = ()
    message: str = ""
    stopped: bool = False
    ended: bool = False

    def changed(self, **values: Any) -> AppView:
        """Return the view with other values."""
        return replace(self, **values)

    def with_stage(self, key: str, **values: Any) -> AppView:
        """Return the view with other values of a stage; one that this run does not have is left out."""
        if key not in self.stages:
            return self
        return replace(self, stages={**self.stages, key: replace(self.stages[key], **values)})

    @property
    def seconds(self) -> float:
        """What all stages took so far."""
        return sum(stage.seconds for stage in self.stages.values())


def new_stages(*, scene: bool = True, robot: bool = True) -> dict[str, Stage]:
    """Return the stages of a run in the kitchen or with a picture, with a robot or without, all waiting."""
    left_out = {*(() if scene else WITHOUT_SCENE), *(() if robot else ("robot",))}
    return {key: Stage() for key in STAGES if key not in left_out}


def ended_view(view: AppView, *, message: str = "", stopped: bool = False) -> AppView:
    """Return the last view of a run; stages that were running count as stopped."""
    stages = {
        key: replace(stage, phase="stopped") if stage.phase == "running" else stage
        for key, stage in view.stages.items()
    }
    return replace(view, stages=stages, message=message, stopped=stopped, ended=True)

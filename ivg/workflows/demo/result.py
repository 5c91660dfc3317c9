"""What a run gives, in memory and in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import EXECUTION, FILES, make_report, overview_texts, summary

if TYPE_CHECKING:
    from ...io.stopwatch import Stopwatch
    from ...policy import Demonstration, ExtractedDemonstration
    from .context import ContextFrame
    from .execution import RobotRun


@dataclass(frozen=True, eq=False)
class DemoResult:
    """A demonstration, and what was done with it.

    Attributes:
        demonstration: Clip, region and hand tracks, with provenance.
        context: The frame that it starts from.
        timings: Seconds of the stages around the generator, whose own are in the demonstration's provenance.
        extracted: The trajectory in metres; None if none was asked for, or none can be read off the clip.
        execution: What the robot did; None if it was not asked to.
        no_trajectory: Why no trajectory can be read off the clip; "" if one can, or none was asked for.
        folder: Where the files are; None if none were written.
    """

    demonstration: Demonstration
    context: ContextFrame
    timings: dict[str, float]
    extracted: ExtractedDemonstration | None = None
    execution: RobotRun | None = None
    no_trajectory: str = ""
    folder: Path | None = None

    @property
    def report(self) -> dict[str, Any]:
        """What ``report.json`` holds, and the folder."""
        report = make_report(self.demonstration, self.context, self.timings, self.execution)
        return report if self.folder is None else {**report, "folder": str(self.folder)}

    @property
    def files(self) -> list[Path]:
        """The files that were written."""
        if self.folder is None:
            return []
        moved = self.execution is not None and self.execution.moved
        return [self.folder / name for name in (*FILES.values(), *((EXECUTION,) if moved else ()))]

    def summary(self) -> str:
        """Return the report as a table to print."""
        return "\n".join([summary(self.report), *([""] if self.folder else []), *(f"  {path}" for path in self.files)])


def write_result(result: DemoResult, stage: Path, folder: Path, clock: Stopwatch) -> DemoResult:
    """Write clip, overview, dataset and report to `stage`, which becomes `folder`; return the result that says so."""
    from PIL import Image

    from ...io.video import write_video
    from ...viz.execution_video import draw_execution
    from ...viz.overview import draw_overview

    demonstration, execution = result.demonstration, result.execution
    stage.mkdir()
    with clock("writing"):
        overview = draw_overview(demonstration, *overview_texts(result.report), execution)
        Image.fromarray(overview).save(stage / FILES["overview"])
        write_video(stage / FILES["clip"], demonstration.clip, demonstration.fps)
        if execution is not None and execution.moved:
            title = demonstration.provenance["prompt"]
            write_video(stage / EXECUTION, draw_execution(demonstration, execution, title), execution.fps)
        demonstration.save(stage / FILES["dataset"])
    (stage / FILES["report"]).write_text(json.dumps(result.report, indent=2, default=float) + "\n")
    return replace(result, folder=folder)

"""What a run gives: in memory, as a report, and as files in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...io.stopwatch import Stopwatch
    from ...policy import Demonstration, ExtractedDemonstration
    from .context import ContextFrame
    from .execution import RobotRun

FILES = {"clip": "clip.mp4", "overview": "overview.png", "dataset": "demo.zarr", "report": "report.json"}
EXECUTION = "execution.mp4"
"""Files of a demonstration's folder, and one more if a robot followed the hand."""

STAGES = {"region": "region of motion", "clip": "clip", "hands": "hand tracks"}
"""Stages with a progress bar, and their names."""

_TIMES = {"context": "context frame", "robot": "robot's scene", "loading": "loading", "prepare": "encoding"}
_TIMES |= {"rewriting": "rewriting", "text": "text", "region": STAGES["region"], "clip": STAGES["clip"]}
_TIMES |= {"decode": "decoding", "hands": STAGES["hands"], "execution": "execution", "writing": "writing"}
"""Keys of the report's times in the order of the table, and their names."""


@dataclass(frozen=True, eq=False)
class DemoResult:
    """A demonstration, and what was done with it.

    Attributes:
        demonstration: Clip, region and hand tracks, with provenance, which has the seconds of the generator's stages.
        context: The frame that it starts from.
        timings: Seconds of the other stages.
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
        made, origin = self.demonstration, self.demonstration.provenance
        times, later = origin["timings_s"], made.present[1:]
        return {
            "task": origin["prompt"],
            "seed": origin["seed"],
            "context": {"name": self.context.name, **self.context.origin},
            "scoring": self.context.scoring,
            "clip": {"frames": len(made), "size": list(made.clip.shape[1:3]), "fps": made.fps},
            "hands": {
                "frames": len(later),
                "frames_with_hand": int(later.any(axis=1).sum()),
                "detection_rate": made.detection_rate,
                "left": int(later[:, 0].sum()),
                "right": int(later[:, 1].sum()),
            },
            "region": {"share": float(made.region.mean())},
            **({} if self.execution is None else {"execution": self.execution.facts}),
            "times_s": {**self.timings, **times},
            "speed": {
                "generation_s": times["generation"],
                "clip_s": len(made) / made.fps,
                "per_step_s": {k.removesuffix("_step"): v for k, v in times.items() if k.endswith("_step")},
            },
            "provenance": origin,
            **({} if self.folder is None else {"folder": str(self.folder)}),
        }

    @property
    def files(self) -> list[Path]:
        """The files that were written."""
        more = [EXECUTION] if self.execution is not None and self.execution.moved else []
        return [] if self.folder is None else [self.folder / name for name in (*FILES.values(), *more)]

    def summary(self) -> str:
        """Return the report as a table to print."""
        report = self.report
        times, speed, hands, origin = report["times_s"], report["speed"], report["hands"], report["provenance"]
        lines = ["", f"{report['task']}  ({report['context']['name']}, seed {report['seed']})", ""]
        for key, name in _TIMES.items():
            step = speed["per_step_s"].get(key)
            note = "" if step is None else f"  {1000 * step:.0f} ms a denoising step"
            lines += [f"  {name:<18}{times[key]:7.2f} s{note}"] if key in times else []
        found = f"found in {hands['frames_with_hand']} of {hands['frames']} frames ({hands['detection_rate']:.0%})"
        facts = {
            "generation": f"{speed['generation_s']:7.2f} s  for a clip that plays {speed['clip_s']:.2f} s",
            "hands": found,
            "region": f"{report['region']['share']:.1%} of the image",
            "task": report["scoring"],
            "robot": self.execution and self.execution.words,
            "note": report["context"].get("notice"),
            "text used": origin["text"] if origin["text"] != origin["prompt"] else None,
        }
        lines += ["", *(f"  {name:<18}{fact}" for name, fact in facts.items() if fact is not None)]
        return "\n".join([*lines, *([""] if self.folder else []), *(f"  {path}" for path in self.files)])


def overview_texts(report: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Return title, subtitle and foot of the overview."""
    hands, speed, hand = report["hands"], report["speed"], report["provenance"]["appearance"]
    weights = report["provenance"]["weights"]
    where = [report["context"]["name"], f"seed {report['seed']}", f"weights {weights['name']} {weights['sha256'][:8]}"]
    facts = [
        f"hand found in {hands['frames_with_hand']} of {hands['frames']} frames",
        f"generated in {speed['generation_s']:.2f} s, plays {speed['clip_s']:.2f} s",
        f"{hand['side']} hand, {18.5 * hand['hand_scale']:.1f} cm",
        report["scoring"],
        *([f"robot: {report['execution']['mark']}"] if "execution" in report else []),
        *(["a scene that these weights were not trained on"] if "notice" in report["context"] else []),
    ]
    return report["task"], "   ·   ".join(where), facts


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

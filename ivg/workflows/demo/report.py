"""The report of a demonstration: as JSON, as a table, and as texts for the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...policy import Demonstration
    from .context import ContextFrame
    from .execution import RobotRun

FILES = {"clip": "clip.mp4", "overview": "overview.png", "dataset": "demo.zarr", "report": "report.json"}
"""Files of a demonstration's folder."""

EXECUTION = "execution.mp4"
"""One more, if a robot followed the hand."""

STAGES = {"region": "region of motion", "clip": "clip", "hands": "hand tracks"}
"""Stages with a progress bar, and their names."""

_TIMES = {
    "context": "context frame",
    "robot": "robot's scene",
    "loading": "loading",
    "prepare": "encoding",
    "rewriting": "rewriting",
    "text": "text",
    "region": STAGES["region"],
    "clip": STAGES["clip"],
    "decode": "decoding",
    "hands": STAGES["hands"],
    "execution": "execution",
    "writing": "writing",
}
"""Keys of the report's times in the order of the table, and their names."""


def make_report(
    demonstration: Demonstration,
    context: ContextFrame,
    seconds: dict[str, float],
    execution: RobotRun | None = None,
) -> dict[str, Any]:
    """Return what ``report.json`` holds.

    Args:
        demonstration: With the provenance that `DemoGenerator` writes.
        context: The frame it started from.
        seconds: Of the stages around the generator.
        execution: What the robot did, if it was asked to.
    """
    origin = demonstration.provenance
    times = origin["timings_s"]
    later = demonstration.present[1:]
    return {
        "task": origin["prompt"],
        "seed": origin["seed"],
        "context": {"name": context.name, **context.origin},
        "scoring": _scoring(context),
        "clip": {
            "frames": len(demonstration),
            "size": list(demonstration.clip.shape[1:3]),
            "fps": demonstration.fps,
        },
        "hands": {
            "frames": len(later),
            "frames_with_hand": int(later.any(axis=1).sum()),
            "detection_rate": demonstration.detection_rate,
            "left": int(later[:, 0].sum()),
            "right": int(later[:, 1].sum()),
        },
        "region": {"share": float(demonstration.region.mean())},
        **({"execution": execution.facts} if execution is not None else {}),
        "times_s": {**seconds, **times},
        "speed": {
            "generation_s": times["generation"],
            "clip_s": len(demonstration) / demonstration.fps,
            "per_step_s": {k.removesuffix("_step"): v for k, v in times.items() if k.endswith("_step")},
        },
        "provenance": origin,
    }


def _scoring(context: ContextFrame) -> str:
    if context.task:
        return f"{context.task}, which the environment scores"
    if context.scorable:
        return "near none of the environment's tasks: generated all the same, but not scored"
    return "a picture: not scored"


def overview_texts(report: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Return title, subtitle and foot of the overview."""
    hands, speed, hand = report["hands"], report["speed"], report["provenance"]["appearance"]
    weights = report["provenance"]["weights"]
    where = [
        report["context"]["name"],
        f"seed {report['seed']}",
        f"weights {weights['name']} {weights['sha256'][:8]}",
    ]
    facts = [
        f"hand found in {hands['frames_with_hand']} of {hands['frames']} frames",
        f"generated in {speed['generation_s']:.2f} s, plays {speed['clip_s']:.2f} s",
        f"{hand['side']} hand, {18.5 * hand['hand_scale']:.1f} cm",
        report["scoring"],
        *([f"robot: {report['execution']['mark']}"] if "execution" in report else []),
        *(["a scene that these weights were not trained on"] if "notice" in report["context"] else []),
    ]
    return report["task"], "   ·   ".join(where), facts


def summary(report: dict[str, Any]) -> str:
    """Return a report as a table to print."""
    times, speed, hands, origin = report["times_s"], report["speed"], report["hands"], report["provenance"]
    lines = ["", f"{report['task']}  ({report['context']['name']}, seed {report['seed']})", ""]
    lines += [f"  {name:<18}{_seconds(times[key])}{note}" for key, name, note in _time_rows(report) if key in times]
    lines += [
        "",
        f"  {'generation':<18}{_seconds(speed['generation_s'])}  for a clip that plays {speed['clip_s']:.2f} s",
        f"  {'hands':<18}found in {hands['frames_with_hand']} of {hands['frames']} frames "
        f"({hands['detection_rate']:.0%})",
        f"  {'region':<18}{report['region']['share']:.1%} of the image",
        f"  {'task':<18}{report['scoring']}",
        *([f"  {'robot':<18}{report['execution']['words']}"] if "execution" in report else []),
        *([f"  {'note':<18}{report['context']['notice']}"] if "notice" in report["context"] else []),
        *([f"  {'text used':<18}{origin['text']}"] if origin["text"] != origin["prompt"] else []),
    ]
    return "\n".join(lines)


def _time_rows(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    per_step = report["speed"]["per_step_s"]
    return [
        (key, name, f"  {1000 * per_step[key]:.0f} ms a denoising step" if key in per_step else "")
        for key, name in _TIMES.items()
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds:7.2f} s"

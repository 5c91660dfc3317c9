"""What the page shows at one moment of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

STAGES = ("scene", "region", "clip", "hands", "trajectory", "robot")
"""Stages of a run in their order; an image has neither of the last two."""


@dataclass
class Stage:
    """The progress of a stage.

    Attributes:
        phase: "waiting", "running", "done", or "stopped" before its end.
        seconds: Its duration so far; of all clips together, if several are made.
        done: Steps done, of those that have steps.
        total: Steps in all; 0 if unknown.
    """

    phase: str = "waiting"
    seconds: float = 0.0
    done: int = 0
    total: int = 0


def new_stages(trajectory: bool = True, robot: bool = True) -> dict[str, Stage]:
    """Return the stages of a run with a trajectory or a robot, or without, all waiting."""
    wanted = {"trajectory": trajectory, "robot": robot}
    return {key: Stage() for key in STAGES if wanted.get(key, True)}


@dataclass(eq=False)
class AppView:
    """All that there is to show of a run.

    Attributes:
        text: The task.
        stages: Progress by stage.
        parts: Results by stage, as soon as they are known: what `make_demonstration` gives to `on_part`.
        sample: Number of the clip, from 1.
        samples: How many there can be.
        notices: Limits of these clips that a visitor has to know.
        no_trajectory: Why no trajectory can be read off the clip.
        message: Why the run did not come to its end.
        stopped: Whether the visitor stopped it.
    """

    text: str = ""
    stages: dict[str, Stage] = field(default_factory=new_stages)
    parts: dict[str, Any] = field(default_factory=dict)
    sample: int = 1
    samples: int = 1
    notices: tuple[str, ...] = ()
    no_trajectory: str = ""
    message: str = ""
    stopped: bool = False


_QUOTED_PATH = re.compile(r"(['\"])(?:~|[A-Za-z]:)?[/\\](?:(?!\1).)*[/\\]((?:(?!\1)[^/\\])+)\1")
_BARE_PATH = re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?(?:[/\\]+[^\s/\\'\":,;]+)+[/\\]+([^\s/\\'\":,;]+)")


def plain(error: Exception) -> str:
    """Return an error's words for visitors: one line, and no folders of this machine."""
    words = " ".join(str(error).split())
    return _BARE_PATH.sub(r"\1", _QUOTED_PATH.sub(r"\1\2\1", words))

"""What the page shows at one moment of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

STAGES = ("scene", "region", "clip", "hands", "trajectory", "robot")
"""Stages of a run in their order; an image has neither of the last two."""


@dataclass
class Stage:
    """The progress of a stage."""

    phase: str = "waiting"  # or "running", "done", or "stopped" before its end
    seconds: float = 0.0  # of all clips together, if several are made
    done: int = 0
    total: int = 0  # steps in all; 0 if unknown


def new_stages(trajectory: bool = True, robot: bool = True) -> dict[str, Stage]:
    """Return the stages of a run with a trajectory or a robot, or without, all waiting."""
    wanted = {"trajectory": trajectory, "robot": robot}
    return {key: Stage() for key in STAGES if wanted.get(key, True)}


@dataclass(eq=False)
class AppView:
    """All that there is to show of a run; `parts` holds what `make_demonstration` gives to `on_part`, by stage."""

    text: str = ""
    stages: dict[str, Stage] = field(default_factory=new_stages)
    parts: dict[str, Any] = field(default_factory=dict)
    sample: int = 1  # number of the clip, from 1
    samples: int = 1  # how many there can be
    notices: tuple[str, ...] = ()  # limits of these clips that a visitor has to know
    no_trajectory: str = ""  # why none can be read off the clip
    message: str = ""  # why the run did not come to its end
    stopped: bool = False  # by the visitor


_QUOTED_PATH = re.compile(r"(['\"])(?:~|[A-Za-z]:)?[/\\](?:(?!\1).)*[/\\]((?:(?!\1)[^/\\])+)\1")
_BARE_PATH = re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?(?:[/\\]+[^\s/\\'\":,;]+)+[/\\]+([^\s/\\'\":,;]+)")


def plain(error: Exception) -> str:
    """Return an error's words for visitors: one line, and no folders of this machine."""
    words = " ".join(str(error).split())
    return _BARE_PATH.sub(r"\1", _QUOTED_PATH.sub(r"\1\2\1", words))

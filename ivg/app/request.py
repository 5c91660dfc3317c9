"""What a visitor of ``ivg-app``'s page asks for, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cli.shared.appearance import SKIN_TONES, appearance_from
from ..errors import InputError, unknown_option
from ..policy.sampling import SAMPLES
from ..types import Appearance

SCENE, PICTURE = "kitchen", "picture"
SOURCES = (SCENE, PICTURE)
"""Where the frame comes from."""

LONGEST_TEXT = 200
"""Characters of a task."""

LARGEST_SEED = 2**31 - 1
DEFAULT_STEPS, MOST_STEPS = 2, 50
"""Denoising steps: the packaged weights', and the most that are taken."""

DRAWN = "drawn"
"""Stands for a side or skin tone that is drawn from the seed."""

SIDES = (DRAWN, "left", "right")
SKINS = (DRAWN, *SKIN_TONES)


@dataclass(frozen=True)
class AppRequest:
    """One run of the page.

    Attributes:
        source: One of `SOURCES`.
        text: What is to be done.
        seed: Of scene, hand and noise.
        picture: The file that was dropped; None for the kitchen.
        steps: Denoising steps of a clip.
        samples: How many clips at most, the one of best contact to be followed; 1 for a picture.
        robot: Whether the robot is to follow; never for a picture.
        side: One of `SIDES`.
        skin: One of `SKINS`.
    """

    source: str
    text: str
    seed: int
    picture: Path | None
    steps: int
    samples: int
    robot: bool
    side: str
    skin: str

    def appearance(self, seed: int, drawn: Appearance | None) -> Appearance:
        """Return who acts: as a seed draws, or as `drawn`, but with the side and the skin that were asked for."""
        side = drawn.side if drawn and self.side == DRAWN else self.side
        options = {"side": side, "skin": self.skin, "hand_size": None}
        chosen = {name: None if value == DRAWN else value for name, value in options.items()}
        return appearance_from(argparse.Namespace(**chosen), seed)


def checked_request(fields: Mapping[str, Any]) -> AppRequest:
    """Check what came from the page, where nothing can be trusted to be what the page's controls allow.

    Args:
        fields: The attributes of `AppRequest` by name; `picture` may be a path as text.

    Raises:
        InputError: Naming the value, the rule and the options.
    """
    source = _one_of("scene", fields["source"], SOURCES)
    picture = fields["picture"] if source == PICTURE else None
    if source == PICTURE and not picture:
        raise InputError("no picture yet: drop one, or choose the kitchen")
    return AppRequest(
        source=source,
        text=_text(fields["text"]),
        seed=_whole("seed", fields["seed"], 0, LARGEST_SEED),
        picture=None if picture is None else Path(picture),
        steps=_whole("denoising steps", fields["steps"], 1, MOST_STEPS),
        samples=_whole("clips to choose from", fields["samples"], 1, SAMPLES) if source == SCENE else 1,
        robot=bool(fields["robot"]) and source == SCENE,
        side=_one_of("acting hand", fields["side"], SIDES),
        skin=_one_of("skin tone", fields["skin"], SKINS),
    )


def _text(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not any(character.isalpha() for character in text):
        raise InputError('the task must say what to do, such as "cut the carrot"')
    if len(text) > LONGEST_TEXT:
        raise InputError(f"the task has {len(text)} characters; at most {LONGEST_TEXT} are taken")
    if not text.isprintable():
        raise InputError("the task holds characters that cannot be printed")
    return text


def _whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number in [low, high]; browsers send 3 as 3.0, too."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value != value or not low <= value <= high or value != int(value):
        raise InputError(f"{name} must be a whole number from {low} to {high:,}, got {_shown(value)}")
    return int(value)


def _one_of(name: str, value: Any, options: tuple[str, ...]) -> str:
    if value not in options:
        raise unknown_option(name, _shown(value), options)
    return str(value)


def _shown(value: Any) -> str:
    """Return a value for a message, not longer than one can read."""
    if value is None:
        return "nothing"
    try:
        text = str(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits, lists in lists without end
        text = "something that cannot be shown"
    return text if len(text) <= 40 else f"{text[:39]}…"
